/** How a manager looks in the chart: a colour that people who see fewer of them tell apart, and a shape besides. */
export interface Series {
  readonly name: string
  readonly light: string
  readonly dark: string
  readonly shape: 'circle' | 'square' | 'up' | 'down' | 'diamond' | 'cross'
}

export const SERIES: readonly Series[] = [
  { name: 'overmind', light: '#d1400b', dark: '#ff8a4c', shape: 'circle' },
  { name: 'overmind apply', light: '#d1400b', dark: '#ff8a4c', shape: 'cross' },
  { name: 'PM2', light: '#1f5fbf', dark: '#6ea8ff', shape: 'square' },
  { name: 'supervisord', light: '#0b7f5c', dark: '#3ecf9d', shape: 'up' },
  { name: 'runit', light: '#a2307f', dark: '#f08fcb', shape: 'diamond' },
  { name: 's6', light: '#8a6100', dark: '#e5b83a', shape: 'down' },
  { name: 'tmux', light: '#0c7d9c', dark: '#5fd0ee', shape: 'cross' },
  { name: 'bare loop', light: '#6b7280', dark: '#9aa4b2', shape: 'circle' },
]

/** The class of a manager's marks. */
export const classOf = (name: string): string => name.replaceAll(/\W/g, '-').toLowerCase()

const rules = (scheme: 'light' | 'dark'): string =>
  SERIES.map(
    (series) => `.${classOf(series.name)} { stroke: ${series[scheme]}; fill: ${series[scheme]} }`,
  ).join('\n')

/** The chart has a ground of its own, so that it can be read whatever the page around it looks like. */
export const STYLE = `text { font: 11px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #24292f; stroke: none }
text.title { font-weight: 600; font-size: 12px }
tspan { font-weight: 400; font-size: 11px }
.faint { fill: #57606a }
.ground { fill: #ffffff }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 1.5 }
.line.overmind { stroke-width: 3 }
.line.overmind-apply, .line.bare-loop { stroke-dasharray: 4 3 }
.cross { fill: none; stroke-width: 2 }
${rules('light')}
.line { fill: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.faint { fill: #9da7b3 }
.ground { fill: #0d1117 }
.grid { stroke: #30363d }
${rules('dark')}
.line { fill: none }
}`

const SHAPES: Readonly<Record<Series['shape'], string>> = {
  circle: 'M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z',
  square: 'M-3 -3h6v6h-6z',
  up: 'M0 -4l4 7h-8z',
  down: 'M0 4l4 -7h-8z',
  diamond: 'M0 -4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z',
  cross: 'M-3 -3l6 6M-3 3l6 -6',
}

export function mark({ name, shape }: Series, x: number, y: number): string {
  return `<path class="${classOf(name)}${shape === 'cross' ? ' cross' : ''}" transform="translate(${round(x)} ${round(y)})" d="${SHAPES[shape]}"/>`
}

export const round = (value: number): number => Math.round(value * 10) / 10
