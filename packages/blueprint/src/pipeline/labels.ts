/** The labels by which a pipeline finds its agents again, whoever supervises it. */
export const PIPELINE_LABEL = 'overmind/pipeline'
export const AGENT_LABEL = 'overmind/agent'
export const FINGERPRINT_LABEL = 'overmind/fingerprint'
