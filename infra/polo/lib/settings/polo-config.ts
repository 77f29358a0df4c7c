/** The settings of one deployment, as the app uses them. Invariant: types alone; they are read in config.ts. */
import type { Architecture } from '../inputs/architecture.ts';
import type { AlarmSettings } from './alarm-settings.ts';
import type { ReservedConcurrency } from './concurrency-settings.ts';
import type { ForwardingSettings } from './forwarding-settings.ts';
import type { OrganizationSetting } from './organization-settings.ts';
import type { PageSettings } from './page-settings.ts';
import type { RetentionSettings } from './retention-settings.ts';
import type { RoleNames } from './role-names.ts';
import type { RoleSettings } from './role-settings.ts';
import type { SecretSettings } from './secret-settings.ts';

export const MODES = ['organization', 'explicit', 'single'] as const;
export type Mode = (typeof MODES)[number];

export interface PoloConfig {
  readonly env: string;
  readonly architecture: Architecture;
  /** The folder with one folder per function, or the stub that only serves to look at the template. */
  readonly artifacts: { readonly kind: 'stub' } | { readonly kind: 'folder'; readonly path: string };
  readonly logRetentionDays: number;
  readonly clickhouseUrl?: string;
  readonly clickhouseDatabase?: string;
  readonly clickhouseUser?: string;
  /** The cluster on which tables are made; absent = a single server, or ClickHouse Cloud. */
  readonly clickhouseCluster?: string;
  /** How long ClickHouse keeps history. */
  readonly retention: RetentionSettings;
  /** The member roles' names and path. */
  readonly roleNames: RoleNames;
  /** Read roles under other names or paths: full ARNs, or patterns with `*`. */
  readonly extraReadRoleArns: readonly string[];
  readonly externalId?: string;
  readonly hubOrganizationId?: string;
  readonly mode: Mode;
  /** Absent = one organization, called directly. */
  readonly organizations?: readonly OrganizationSetting[];
  /** Explicit mode: account ids or full role ARNs. */
  readonly accounts: readonly string[];
  /** The stack set that rolls the member roles out; absent = the hub reads none. */
  readonly stackSetName?: string;
  readonly regions: readonly string[];
  readonly checkConcurrency?: number;
  readonly stsCallsPerSecond?: number;
  readonly putEventsPerSecond?: number;
  readonly discoverySchedule: string;
  readonly accessCheckSchedule: string;
  readonly dispatchSchedule: string;
  readonly coverageSchedule: string;
  readonly provisioningSchedule: string;
  /** The expression of each sweep that manifests may name. */
  readonly sweepSchedules: Readonly<Record<string, string>>;
  /** What a collector's billed calls may cost per account and UTC day, in USD, where it is not what its manifest says. */
  readonly dayUsdAtMost: Readonly<Record<string, string>>;
  /** The member roles and their rollout. */
  readonly roles: RoleSettings;
  /** How many invocations of a function may run at once, where the setting says it. */
  readonly reservedConcurrency: ReservedConcurrency;
  /** ClickHouse's password and Slack's address. */
  readonly secrets: SecretSettings;
  /** Who may open the status page, and through what. */
  readonly page: PageSettings;
  /** Where alarms are sent, and which. */
  readonly alarms: AlarmSettings;
  /** The way of account events from the management account to the hub. */
  readonly forwarding: ForwardingSettings;
}
