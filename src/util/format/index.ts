export { escapeControl, escapeLines, formatJson } from './escape-control.ts';
export { formatCount, formatPercent, formatQuantity } from './format-count.ts';
export { formatDuration } from './format-duration.ts';
export { formatValue } from './format-value.ts';
export { formatTable, type TableColumn, truncateText } from './text-table.ts';
