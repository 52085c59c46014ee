/** `output` is stdout and stderr in their true order; a provider that parses stdout gets them apart. */
export type Stream = 'output' | 'stdout' | 'stderr'
