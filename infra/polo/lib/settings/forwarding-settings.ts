/**
 * The settings of account events on their way from the management account to the hub's bus.
 * Invariant: the forwarder knows its destination in full, or is not synthesized.
 */
import { ACCOUNT_ID } from './patterns.ts';
import type { RoleSettings } from './role-settings.ts';
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

export interface ForwardingSettings {
  /** The account that may put events on the hub's bus besides the hub itself. */
  readonly managementAccountId?: string;
  /** Where the hub's bus is. */
  readonly hubRegion?: string;
}

/** Where the hub's bus is. */
export interface Hub {
  readonly accountId: string;
  readonly region: string;
}

export function readForwardingSettings(settings: SettingReader): ForwardingSettings {
  return {
    managementAccountId: settings.text('managementAccountId', ACCOUNT_ID, 'write the 12-digit id of the management account, or leave it out'),
    hubRegion: settings.region('hubRegion', 'write the region in which Polo runs, such as eu-west-1'),
  };
}

/** The forwarder's destination; fails where a part of it is missing. */
export function hubOf({ hubAccountId }: RoleSettings, { hubRegion }: ForwardingSettings): Hub {
  if (hubAccountId === undefined) throw new SettingError('hubAccountId is missing: set "hubAccountId" to the account whose bus receives the forwarded events');
  if (hubRegion === undefined) throw new SettingError('hubRegion is missing: set "hubRegion" to the region whose bus receives the forwarded events');
  return { accountId: hubAccountId, region: hubRegion };
}
