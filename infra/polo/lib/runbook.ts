/**
 * The sections of RUNBOOK.md that alarms link.
 * Invariant: a section here is a heading there, and the other way round; a test compares them.
 */
export const RUNBOOK_SECTIONS = ['function-failed', 'collector-failed', 'function-not-running', 'dead-letters-not-empty'] as const;
export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

export function runbookLink(runbookUrl: string, section: RunbookSection): string {
  return `${runbookUrl}#${section}`;
}
