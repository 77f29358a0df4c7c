/**
 * How long a schedule is silent at most, for whoever watches that it fires.
 * Invariant: the expression was checked before; where the answer depends on the calendar there is none.
 */

const MINUTES = { minute: 1, hour: 60, day: 1440 } as const;

/** The most minutes between two firings; undefined where it does not fire at the same times every day. */
export function longestGapMinutes(expression: string): number | undefined {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) return Number(rate[1]) * MINUTES[rate[2] as keyof typeof MINUTES];
  const [minutes = '', hours = '', ...calendar] = expression.slice('cron('.length, -1).split(' ');
  if (!calendar.every((field) => field === '*' || field === '?')) return undefined;
  const times = valuesOf(hours, 23).flatMap((hour) => valuesOf(minutes, 59).map((minute) => hour * MINUTES.hour + minute));
  const [first = 0] = times;
  return Math.max(...times.map((time, index) => (times[index + 1] ?? first + MINUTES.day) - time));
}

/** A field's values, ascending: a list of `*`, `a` and `a-b`, each also with `/step`. `a/step` goes on to the end. */
function valuesOf(field: string, high: number): number[] {
  const values = field.split(',').flatMap((item) => {
    const [range = '', step] = item.split('/');
    const [from, to] = range === '*' ? [0, high] : range.split('-').map(Number);
    const end = to ?? (step === undefined ? from : high);
    return Array.from({ length: high + 1 }, (_, value) => value).filter((value) => value >= from! && value <= end! && (value - from!) % Number(step ?? 1) === 0);
  });
  return [...new Set(values)].sort((a, b) => a - b);
}
