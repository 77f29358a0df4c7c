/**
 * The setting of reserved concurrency: how many invocations of a function may run at once.
 * Invariant: nothing is reserved by default. A sum beyond the account's limit, which is ten in a new account, fails the deployment.
 */
import { instead } from './did-you-mean.ts';
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

export type ReservedConcurrency = Readonly<Record<string, number>>;

const FIX = 'write an object from function to a whole number of at least 1, such as {"config_ec2":20}';

export function readReservedConcurrency(settings: SettingReader): ReservedConcurrency {
  const value = settings.json('reservedConcurrency', FIX) ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw SettingError.wrong('reservedConcurrency', value, FIX);
  return Object.fromEntries(
    Object.entries(value).map(([id, number]: [string, unknown]) => {
      if (typeof number !== 'number' || !Number.isInteger(number) || number < 1) throw SettingError.wrong(`reservedConcurrency.${id}`, number, FIX);
      return [id, number];
    }),
  );
}

/** Otherwise an operator would rely on a limit that no function has. */
export function rejectUnknownFunctions(reserved: ReservedConcurrency, functionIds: readonly string[]): void {
  const unknown = Object.keys(reserved).find((id) => !functionIds.includes(id));
  if (unknown !== undefined) throw SettingError.wrong('a function in reservedConcurrency', unknown, instead(unknown, functionIds));
}
