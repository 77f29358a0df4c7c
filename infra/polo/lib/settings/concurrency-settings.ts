/**
 * The setting of reserved concurrency: how many invocations of a function may run at once.
 * Invariant: where the setting names no number, none is reserved; a sum beyond what the account has fails the deployment, and
 * a new account may have ten.
 */
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

/** A number that no function gets would be a limit that an operator relies on in vain. */
export function rejectConcurrencyOfNobody(reserved: ReservedConcurrency, functionIds: readonly string[]): void {
  const nobody = Object.keys(reserved).find((id) => !functionIds.includes(id));
  if (nobody !== undefined) throw SettingError.wrong('a name in reservedConcurrency', nobody, `name functions: ${[...functionIds].sort().join(', ')}`);
}
