/** The served OpenAPI document, as far as requests are made from it and answers held against it. */
import { z } from 'zod'

/** A JSON Schema in which references are replaced by what they name. */
export interface Schema extends z.core.JSONSchema.JSONSchema {
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
}

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
const types = z.enum(TYPES)

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    type: z.union([types, z.array(types)]).exactOptional(),
    enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).exactOptional(),
    anyOf: z.array(schema).exactOptional(),
    properties: z.record(z.string(), schema).exactOptional(),
    required: z.array(z.string()).exactOptional(),
    additionalProperties: z.union([z.boolean(), schema]).exactOptional(),
    items: schema.exactOptional(),
    minimum: z.number().exactOptional(),
    maximum: z.number().exactOptional(),
  }),
)

const content = z.record(z.string(), z.looseObject({ schema }))

const operation = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query']), schema })).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.default({}) })),
})

const document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operation)) })

export interface Operation {
  /** Such as `GET /v1/missions/{reference}`. */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly query: readonly { readonly name: string; readonly schema: Schema }[]
  readonly body: Schema | undefined
  /** By status and content type, what an answer is. */
  readonly answers: ReadonlyMap<number, ReadonlyMap<string, z.ZodType>>
}

/** Every operation that the document lists. */
export function operationsOf(raw: unknown): readonly Operation[] {
  const { paths } = document.parse(resolved(raw, raw))
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody, responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      query: parameters.filter((each) => each.in === 'query'),
      body: requestBody?.content['application/json']?.schema,
      answers: new Map(
        Object.entries(responses).map(([status, response]) => [
          Number(status),
          new Map(
            Object.entries(response.content).map(([type, each]) => [type, z.fromJSONSchema(each.schema)]),
          ),
        ]),
      ),
    })),
  )
}

/** The same with what `$ref` names in its place. */
function resolved(value: unknown, root: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, root))
  if (typeof value !== 'object' || value === null) return value
  const reference: unknown = Reflect.get(value, '$ref')
  if (typeof reference !== 'string') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner, root)]))
  }
  let target = root
  for (const step of reference.replace(/^#\//, '').split('/')) {
    target = typeof target === 'object' && target !== null ? Reflect.get(target, step) : undefined
  }
  return resolved(target, root)
}
