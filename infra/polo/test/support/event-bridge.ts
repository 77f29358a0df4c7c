/**
 * As much of EventBridge as this app's rules use: matching exact strings, and filling in input templates.
 * Invariant: any operator beyond an exact string throws, so that a rule this file cannot judge never counts as tested.
 */
import type { Plain } from './stack.ts';

/** Every field of the pattern must be in the event, with one of the listed values. */
export function matches(pattern: Plain, event: Plain): boolean {
  return Object.entries<Plain>(pattern).every(([field, expected]) => {
    const actual = typeof event === 'object' && event !== null ? event[field] : undefined;
    if (!Array.isArray(expected)) return matches(expected, actual);
    if (expected.length === 0 || !expected.every((one) => typeof one === 'string')) throw new Error(`${field}: only lists of exact strings are judged here`);
    return expected.includes(actual);
  });
}

/** What the target receives: each <name> replaced by the JSON of what its path finds in the event. */
export function transformed({ InputPathsMap, InputTemplate }: Plain, event: Plain): Plain {
  const filled = InputTemplate.replace(/<([^<>]+)>/g, (_: string, name: string) => {
    const path = InputPathsMap[name];
    if (typeof path !== 'string' || !/^\$(\.[A-Za-z_-]+)+$/.test(path)) throw new Error(`<${name}> has no plain path`);
    const value = path.slice(2).split('.').reduce((inner: Plain, field) => inner?.[field], event);
    if (value === undefined) throw new Error(`the event has nothing at ${path}`);
    return JSON.stringify(value);
  });
  return JSON.parse(filled);
}
