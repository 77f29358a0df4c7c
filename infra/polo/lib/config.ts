/**
 * The settings of one deployment, read from CDK context and checked as a whole.
 * Invariant: nothing else in this app reads context; a wrong, unknown or contradictory setting is one SettingError.
 */
import { SettingError } from './setting-error.ts';
import { SettingReader } from './setting-reader.ts';
import { type AlarmSettings, readAlarmSettings } from './alarm-settings.ts';
import { type ForwardingSettings, hubOf, readForwardingSettings } from './forwarding-settings.ts';
import { ACCOUNT_ID, OU_ID, REGION, type RoleSettings, readRoleSettings, rejectContradictingRoles } from './role-settings.ts';
import { scheduleExpression } from './schedule.ts';
import { USD } from './manifest.ts';

export const MODES = ['organization', 'explicit', 'single'] as const;
export type Mode = (typeof MODES)[number];

export const ARCHITECTURES = ['arm64', 'x86_64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** One organization to list. Field names are those of the functions' POLO_ORGANIZATIONS. */
export interface OrganizationSetting {
  readonly id?: string;
  /** The role that may list it; absent = Organizations is called directly. */
  readonly role_arn?: string;
  readonly external_id?: string;
  readonly include_ous?: readonly string[];
  readonly exclude_ous?: readonly string[];
}

export interface PoloConfig {
  readonly env: string;
  readonly architecture: Architecture;
  /** The folder with one folder per function, or the stub that only serves to look at the template. */
  readonly artifacts: { readonly kind: 'stub' } | { readonly kind: 'folder'; readonly path: string };
  readonly logRetentionDays: number;
  readonly clickhouseUrl?: string;
  readonly clickhouseDatabase?: string;
  readonly clickhouseUser?: string;
  readonly readRoleName: string;
  /** Read roles under other names or paths: full ARNs, or patterns with `*`. */
  readonly extraReadRoleArns: readonly string[];
  readonly actionRoleName?: string;
  readonly externalId?: string;
  readonly hubOrganizationId?: string;
  readonly mode: Mode;
  /** Absent = one organization, called directly. */
  readonly organizations?: readonly OrganizationSetting[];
  /** Explicit mode: account ids or full role ARNs. */
  readonly accounts: readonly string[];
  readonly stackSetName?: string;
  readonly regions: readonly string[];
  readonly checkConcurrency?: number;
  readonly stsCallsPerSecond?: number;
  readonly putEventsPerSecond?: number;
  readonly discoverySchedule: string;
  readonly accessCheckSchedule: string;
  readonly dispatchSchedule: string;
  /** The expression of each sweep that manifests may name. */
  readonly sweepSchedules: Readonly<Record<string, string>>;
  /** What a collector's billed calls may cost per account and UTC day, in USD, where it is not what its manifest says. */
  readonly dayUsdAtMost: Readonly<Record<string, string>>;
  /** The member roles and their rollout. */
  readonly roles: RoleSettings;
  /** Whom alarms tell, and of what. */
  readonly alarms: AlarmSettings;
  /** The way of account events from the management account to the hub. */
  readonly forwarding: ForwardingSettings;
}

const DEFAULTS = {
  env: 'dev',
  artifacts: '../../target/lambda',
  logRetentionDays: 30,
  discoverySchedule: 'rate(1 hour)',
  accessCheckSchedule: 'rate(5 minutes)',
  dispatchSchedule: 'rate(5 minutes)',
  sweepSchedules: { hourly: 'cron(10 * * * ? *)', daily: 'cron(0 3 * * ? *)', weekly: 'cron(0 4 ? * MON *)' },
} as const;

/** The values that CloudWatch Logs takes, up to two years. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];

const ENV_NAME = /^[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?$/;
const ROLE_NAME = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
/** With any path, but without the wildcards and variables that would mean more than one role in a policy. */
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[A-Za-z0-9_+=,.@-]+\/)*[A-Za-z0-9_+=,.@-]{1,64}$/;
/**
 * Any account or one, and wildcards only after a literal start: a pattern that begins with one would also mean the roles
 * that AWS itself makes in member accounts, administrators among them.
 */
const ROLE_ARN_PATTERN = /^arn:aws[a-z-]*:iam::(?:\d{12}|\*):role\/(?!\*)(?:[A-Za-z0-9_+=,.@*-]+\/)*[A-Za-z0-9_+=,.@*-]{1,64}$/;
/** IAM takes 10,240 characters of policy per role; the rest of what a role may hold, long lists of accounts included, needs about 7,000. */
const EXTRA_READ_ROLES_LIMIT = 3000;
const EXTERNAL_ID = /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/;
const ORGANIZATION_ID = /^o-[a-z0-9]{10,32}$/;
const STACK_SET_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;
const SQL_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const SWEEP_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Reads every setting. `context` is the app's whole context; keys of CDK's own in it are left alone. */
export function readConfig(context: Readonly<Record<string, unknown>>): PoloConfig {
  const settings = new SettingReader(context);
  const env = settings.text('env', ENV_NAME, 'write 1 to 20 lower-case letters, digits and inner hyphens, starting with a letter') ?? DEFAULTS.env;
  const artifacts = settings.text('artifacts', /^[^\0]+$/, 'write stub, or the folder that holds one folder per function') ?? DEFAULTS.artifacts;
  const mode = settings.choice('mode', MODES) ?? 'organization';
  const sweeps = settings.json('sweepSchedules', 'write an object from sweep name to schedule, such as {"daily":"cron(0 3 * * ? *)"}');
  const config: PoloConfig = {
    env,
    mode,
    architecture: settings.choice('architecture', ARCHITECTURES) ?? 'arm64',
    artifacts: artifacts === 'stub' ? { kind: 'stub' } : { kind: 'folder', path: artifacts },
    logRetentionDays: settings.oneOf('logRetentionDays', RETENTION_DAYS) ?? DEFAULTS.logRetentionDays,
    clickhouseUrl: clickhouseUrl(settings),
    clickhouseDatabase: settings.text('clickhouseDatabase', SQL_NAME, 'write a database name of letters, digits and underscores'),
    clickhouseUser: settings.text('clickhouseUser', /^[\x21-\x7e]{1,128}$/, 'write a user name without spaces'),
    readRoleName: settings.text('readRoleName', ROLE_NAME, 'write a role name without path or wildcard') ?? `${env}-PoloReadRole`,
    extraReadRoleArns: extraReadRoleArns(settings),
    actionRoleName: settings.text('actionRoleName', ROLE_NAME, 'write a role name without path or wildcard, or leave it out'),
    externalId: settings.text('externalId', EXTERNAL_ID, 'write 2 to 1224 letters, digits and _+=,.@:/-'),
    hubOrganizationId: settings.text('hubOrganizationId', ORGANIZATION_ID, 'write an organization id, such as o-a1b2c3d4e5, or leave it out'),
    organizations: organizations(settings),
    accounts: settings.list('accounts', (item) => ACCOUNT_ID.test(item) || ROLE_ARN.test(item), 'list 12-digit account ids or role ARNs, each once') ?? [],
    stackSetName: settings.text('stackSetName', STACK_SET_NAME, 'write a stack set name, or leave it out'),
    regions: settings.list('regions', (item) => REGION.test(item), 'list region names, each once, such as eu-west-1') ?? [],
    checkConcurrency: settings.whole('checkConcurrency', 1, 1000),
    stsCallsPerSecond: settings.whole('stsCallsPerSecond', 1, 10_000),
    putEventsPerSecond: settings.whole('putEventsPerSecond', 1, 10_000),
    discoverySchedule: settings.schedule('discoverySchedule') ?? DEFAULTS.discoverySchedule,
    accessCheckSchedule: settings.schedule('accessCheckSchedule') ?? DEFAULTS.accessCheckSchedule,
    dispatchSchedule: settings.schedule('dispatchSchedule') ?? DEFAULTS.dispatchSchedule,
    sweepSchedules: { ...DEFAULTS.sweepSchedules, ...(sweeps === undefined ? {} : sweepSchedules(sweeps)) },
    dayUsdAtMost: dayUsdAtMost(settings),
    roles: readRoleSettings(settings),
    alarms: readAlarmSettings(settings),
    forwarding: readForwardingSettings(settings),
  };
  settings.rejectUnknown();
  rejectContradictions(config);
  return config;
}

function clickhouseUrl(settings: SettingReader): string | undefined {
  const fix = 'write an address such as https://clickhouse.example.com:8443, without user, password or query';
  const text = settings.text('clickhouseUrl', /./, fix);
  if (text === undefined) return undefined;
  // Not shown: a password may be in it.
  if (/[@?#]/.test(text)) throw new SettingError(`clickhouseUrl holds more than an address: ${fix}`);
  if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) throw SettingError.wrong('clickhouseUrl', text, fix);
  return text;
}

function extraReadRoleArns(settings: SettingReader): string[] {
  const fix = 'list role ARNs, each once, in which the account may be * and the path or name may have * after its first character, such as arn:aws:iam::*:role/platform/reader-*';
  const arns = settings.list('extraReadRoleArns', (item) => ROLE_ARN_PATTERN.test(item), fix) ?? [];
  const length = arns.join(',').length;
  if (length > EXTRA_READ_ROLES_LIMIT) {
    throw new SettingError(`extraReadRoleArns has ${length} characters and a role's policy has room for ${EXTRA_READ_ROLES_LIMIT}: replace single roles by a pattern`);
  }
  return arns;
}

function dayUsdAtMost(settings: SettingReader): Record<string, string> {
  const fix = 'write an object from collector to USD as text, such as {"cost":"1.50"}';
  const value = settings.json('dayUsdAtMost', fix) ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw SettingError.wrong('dayUsdAtMost', value, fix);
  return Object.fromEntries(
    Object.entries(value).map(([collector, amount]: [string, unknown]) => {
      if (typeof amount !== 'string' || !USD.test(amount)) throw SettingError.wrong(`dayUsdAtMost.${collector}`, amount, fix);
      return [collector, amount];
    }),
  );
}

function sweepSchedules(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw SettingError.wrong('sweepSchedules', value, 'write an object from sweep name to schedule, such as {"daily":"cron(0 3 * * ? *)"}');
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, expression]) => {
      if (!SWEEP_NAME.test(name)) throw SettingError.wrong('a name in sweepSchedules', name, 'write lower-case letters, digits and inner hyphens');
      return [name, scheduleExpression(`sweepSchedules.${name}`, expression)];
    }),
  );
}

function organizations(settings: SettingReader): OrganizationSetting[] | undefined {
  const fix = 'write a list such as [{"id":"o-a1b2c3d4e5","role_arn":"arn:...","external_id":"...","include_ous":["ou-..."]}]';
  const value = settings.json('organizations', fix);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) throw SettingError.wrong('organizations', value, fix);
  return value.map((item: unknown, index) => organization(`organizations[${index}]`, item, fix));
}

function organization(where: string, item: unknown, fix: string): OrganizationSetting {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) throw SettingError.wrong(where, item, fix);
  const { id, role_arn, external_id, include_ous, exclude_ous, ...unknown } = item as Record<string, unknown>;
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) {
    throw SettingError.wrong(`a field of ${where}`, stray, 'an organization has id, role_arn, external_id, include_ous and exclude_ous');
  }
  const text = (field: string, given: unknown, pattern: RegExp, how: string): string | undefined => {
    if (given === undefined) return undefined;
    if (typeof given !== 'string' || !pattern.test(given)) throw SettingError.wrong(`${where}.${field}`, given, how);
    return given;
  };
  const units = (field: string, given: unknown): string[] | undefined => {
    if (given === undefined) return undefined;
    const valid = Array.isArray(given) && given.every((unit) => typeof unit === 'string' && OU_ID.test(unit));
    if (!valid) throw SettingError.wrong(`${where}.${field}`, given, 'list OU or root ids, such as ou-ab12-34567890 or r-ab12');
    return given;
  };
  return {
    id: text('id', id, ORGANIZATION_ID, 'write an organization id, such as o-a1b2c3d4e5'),
    role_arn: text('role_arn', role_arn, ROLE_ARN, 'write the ARN of the role that may list the organization'),
    external_id: text('external_id', external_id, EXTERNAL_ID, 'write 2 to 1224 letters, digits and _+=,.@:/-'),
    include_ous: units('include_ous', include_ous),
    exclude_ous: units('exclude_ous', exclude_ous),
  };
}

function rejectContradictions(config: PoloConfig): void {
  const { mode, accounts, organizations: listed } = config;
  if (mode === 'explicit' && accounts.length === 0) throw new SettingError('mode is "explicit" and accounts is missing: list the accounts, or choose another mode');
  if (mode !== 'explicit' && accounts.length > 0) throw new SettingError(`accounts is given and mode is "${mode}": set mode to explicit, or leave accounts out`);
  if (mode !== 'organization' && listed) throw new SettingError(`organizations is given and mode is "${mode}": set mode to organization, or leave organizations out`);
  if (config.actionRoleName === config.readRoleName) {
    throw SettingError.wrong('actionRoleName', config.actionRoleName, 'it is also readRoleName; the two roles must differ');
  }
  rejectReadingAsActionRole(config);
  if (listed) rejectContradictingOrganizations(listed, config.hubOrganizationId);
  rejectContradictingRoles(config.roles, config);
  if (config.roles.stacks.includes('forwarder')) hubOf(config.roles, config.forwarding);
  if (config.roles.stacks.includes('hub') && config.artifacts.kind === 'folder') rejectUndeployable(config);
}

/** Every function that reads could act, if what it may assume included the action role. */
function rejectReadingAsActionRole({ actionRoleName, accounts, extraReadRoleArns: extra }: PoloConfig): void {
  if (actionRoleName === undefined) return;
  for (const [key, arns] of Object.entries({ accounts, extraReadRoleArns: extra })) {
    const covering = arns.find((arn) => coversRole(arn, actionRoleName));
    if (covering !== undefined) {
      throw SettingError.wrong(`an entry of ${key}`, covering, `it covers the action role ${actionRoleName}, which only access-verifier may assume; name the read roles more narrowly`);
    }
  }
}

/** IAM's match of a role without path: `*` stands for any characters, slashes too. An account id covers no role. */
function coversRole(arn: string, roleName: string): boolean {
  const [, pattern] = arn.split(':role/');
  if (pattern === undefined) return false;
  const literals = pattern.split(/\*+/).map((literal) => literal.replace(/[.+]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(roleName);
}

function rejectContradictingOrganizations(listed: readonly OrganizationSetting[], hubOrganizationId: string | undefined): void {
  const direct = listed.filter((one) => one.role_arn === undefined);
  if (direct.length > 1) throw new SettingError(`${direct.length} of the organizations have no role_arn: only the hub's own organization can be listed without one`);
  const ids = listed.flatMap((one) => one.id ?? []);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw SettingError.wrong('organizations', twice, 'each organization may be listed once');
  if (hubOrganizationId === undefined) return;
  for (const [index, one] of listed.entries()) {
    if (one.role_arn !== undefined && one.id === undefined) {
      throw new SettingError(`organizations[${index}] has no id and hubOrganizationId is given, which limits Polo to organizations it knows: add the id`);
    }
    if (one.role_arn === undefined && one.id !== undefined && one.id !== hubOrganizationId) {
      throw SettingError.wrong(`organizations[${index}].id`, one.id, `it has no role_arn, so it is the hub's own organization, ${hubOrganizationId}`);
    }
  }
}

/** The stub serves to look at the template; what can be deployed must also be able to work. */
function rejectUndeployable(config: PoloConfig): void {
  if (config.clickhouseUrl === undefined) {
    throw new SettingError('clickhouseUrl is missing: give -c clickhouseUrl=https://..., or -c artifacts=stub to synthesize without deploying');
  }
  const everyOrganizationHasOne = config.organizations?.every((one) => one.external_id !== undefined) ?? false;
  if (config.externalId === undefined && !everyOrganizationHasOne) {
    throw new SettingError('externalId is missing: give -c externalId=..., the value that the member roles\' trust asks for');
  }
}
