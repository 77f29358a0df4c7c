/**
 * The settings of one deployment, read from CDK context and checked as a whole.
 * Invariant: nothing else in this app reads context; a wrong, unknown or contradictory setting is one SettingError.
 */
import { SettingError } from './setting-error.ts';
import { SettingReader } from './setting-reader.ts';
import { ARCHITECTURES } from '../inputs/architecture.ts';
import { readAlarmSettings } from './alarm-settings.ts';
import { readReservedConcurrency } from './concurrency-settings.ts';
import { hubOf, readForwardingSettings } from './forwarding-settings.ts';
import { rejectContradictingLocation } from './hub-location.ts';
import { namesFor } from '../names.ts';
import { readOrganizations, rejectContradictingOrganizations } from './organization-settings.ts';
import { balancerOf, readPageSettings } from './page-settings.ts';
import { readRetentionSettings } from './retention-settings.ts';
import { actionRoleOf, readRoleNames, rejectTakenNames } from './role-names.ts';
import { readRoleSettings, rejectContradictingRoles } from './role-settings.ts';
import { readSecretSettings, rejectPasswordInClear } from './secret-settings.ts';
import { rejectOtherRegions } from './region-of-arns.ts';
import { ACCOUNT_ID, EXTERNAL_ID, ORGANIZATION_ID, ROLE_ARN } from './patterns.ts';
import { MODES, type PoloConfig } from './polo-config.ts';
import { scheduleExpression } from './schedule.ts';
import { USD } from '../inputs/manifest.ts';

export const DEFAULT_SWEEPS: Readonly<Record<string, string>> = { hourly: 'cron(10 * * * ? *)', daily: 'cron(0 3 * * ? *)', weekly: 'cron(0 4 ? * MON *)' };

const DEFAULTS = {
  env: 'dev',
  artifacts: '../../target/lambda',
  logRetentionDays: 30,
  discoverySchedule: 'rate(1 hour)',
  accessCheckSchedule: 'rate(5 minutes)',
  dispatchSchedule: 'rate(5 minutes)',
  coverageSchedule: 'rate(5 minutes)',
  provisioningSchedule: 'rate(1 hour)',
} as const;

/** The values that CloudWatch Logs takes, up to two years. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];

const ENV_NAME = /^[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?$/;
/**
 * Any account or one, and wildcards only after a literal start: a pattern that begins with one would also mean the roles
 * that AWS itself makes in member accounts, administrators among them.
 */
const ROLE_ARN_PATTERN = /^arn:aws[a-z-]*:iam::(?:\d{12}|\*):role\/(?!\*)(?:[A-Za-z0-9_+=,.@*-]+\/)*[A-Za-z0-9_+=,.@*-]{1,64}$/;
/** IAM takes 10,240 characters of policy per role; the rest of what a role may hold, long lists of accounts included, needs about 7,000. */
const EXTRA_READ_ROLES_LIMIT = 3000;
const STACK_SET_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;
const SQL_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Or the server's own macro. */
const CLUSTER = /^(?:[A-Za-z0-9_.-]{1,128}|\{cluster\})$/;
const SWEEP_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Reads every setting. `context` is the app's whole context; keys of CDK's own in it are left alone. */
export function readConfig(context: Readonly<Record<string, unknown>>): PoloConfig {
  const settings = new SettingReader(context);
  const config = read(settings);
  settings.rejectUnknown();
  rejectContradictions(config);
  return config;
}

/** What settings there are: those that are read. */
export function settingNames(): string[] {
  const settings = new SettingReader({});
  read(settings);
  return settings.names();
}

function read(settings: SettingReader): PoloConfig {
  const env = settings.text('env', ENV_NAME, 'write 1 to 20 lower-case letters, digits and inner hyphens, starting with a letter') ?? DEFAULTS.env;
  const artifacts = settings.text('artifacts', /^[^\0]+$/, 'write stub, or the folder that holds one folder per function') ?? DEFAULTS.artifacts;
  const mode = settings.choice('mode', MODES) ?? 'organization';
  const sweeps = settings.json('sweepSchedules', 'write an object from sweep name to schedule, such as {"daily":"cron(0 3 * * ? *)"}');
  const forwarding = readForwardingSettings(settings);
  const roles = readRoleSettings(settings, forwarding);
  return {
    env,
    mode,
    architecture: settings.choice('architecture', ARCHITECTURES) ?? 'x86_64',
    artifacts: artifacts === 'stub' ? { kind: 'stub' } : { kind: 'folder', path: artifacts },
    logRetentionDays: settings.oneOf('logRetentionDays', RETENTION_DAYS) ?? DEFAULTS.logRetentionDays,
    clickhouseUrl: clickhouseUrl(settings),
    clickhouseDatabase: settings.text('clickhouseDatabase', SQL_NAME, 'write a database name of letters, digits and underscores'),
    clickhouseUser: settings.text('clickhouseUser', /^[\x21-\x7e]{1,128}$/, 'write a user name without spaces'),
    clickhouseCluster: settings.text('clickhouseCluster', CLUSTER, 'write a name as in system.clusters, or {cluster}, or leave it out'),
    retention: readRetentionSettings(settings),
    roleNames: readRoleNames(settings, env, roles.actionRole),
    extraReadRoleArns: extraReadRoleArns(settings),
    externalId: settings.text('externalId', EXTERNAL_ID, 'write 2 to 1224 letters, digits and _+=,.@:/-'),
    hubOrganizationId: settings.text('hubOrganizationId', ORGANIZATION_ID, 'write an organization id, such as o-a1b2c3d4e5, or leave it out'),
    organizations: readOrganizations(settings),
    accounts: settings.list('accounts', (item) => ACCOUNT_ID.test(item) || ROLE_ARN.test(item), 'list 12-digit account ids or role ARNs, each once') ?? [],
    stackSetName: settings.text('stackSetName', STACK_SET_NAME, 'write a stack set name, or leave it out') ?? (roles.rolloutOus.length === 0 ? undefined : namesFor(env).roles),
    regions: settings.regions('regions', 'list region names, each once, such as eu-west-1') ?? [],
    checkConcurrency: settings.whole('checkConcurrency', 1, 1000),
    stsCallsPerSecond: settings.whole('stsCallsPerSecond', 1, 10_000),
    putEventsPerSecond: settings.whole('putEventsPerSecond', 1, 10_000),
    discoverySchedule: settings.schedule('discoverySchedule') ?? DEFAULTS.discoverySchedule,
    accessCheckSchedule: settings.schedule('accessCheckSchedule') ?? DEFAULTS.accessCheckSchedule,
    dispatchSchedule: settings.schedule('dispatchSchedule') ?? DEFAULTS.dispatchSchedule,
    coverageSchedule: settings.schedule('coverageSchedule') ?? DEFAULTS.coverageSchedule,
    provisioningSchedule: settings.schedule('provisioningSchedule') ?? DEFAULTS.provisioningSchedule,
    sweepSchedules: { ...DEFAULT_SWEEPS, ...(sweeps === undefined ? {} : sweepSchedules(sweeps)) },
    dayUsdAtMost: dayUsdAtMost(settings),
    roles,
    reservedConcurrency: readReservedConcurrency(settings),
    secrets: readSecretSettings(settings),
    page: readPageSettings(settings),
    alarms: readAlarmSettings(settings),
    forwarding,
  };
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

function rejectContradictions(config: PoloConfig): void {
  const { mode, accounts, organizations: listed } = config;
  if (mode === 'explicit' && accounts.length === 0) throw new SettingError('mode is "explicit" and accounts is missing: list the accounts, or choose another mode');
  if (mode !== 'explicit' && accounts.length > 0) throw new SettingError(`accounts is given and mode is "${mode}": set mode to explicit, or leave accounts out`);
  if (mode !== 'organization' && listed) throw new SettingError(`organizations is given and mode is "${mode}": set mode to organization, or leave organizations out`);
  rejectTakenNames(config.env, config.roleNames);
  rejectReadingAsActionRole(config);
  if (listed) rejectContradictingOrganizations(listed, config.hubOrganizationId);
  rejectContradictingLocation(config);
  rejectContradictingRoles(config.roles, config);
  rejectPasswordInClear(config.clickhouseUrl, config.secrets);
  rejectOtherRegions(config);
  if (config.roles.stacks.includes('page')) balancerOf(config.env, config.page);
  if (config.roles.stacks.includes('forwarder')) hubOf(config.roles, config.forwarding);
  if (config.roles.stacks.includes('hub') && config.artifacts.kind === 'folder') rejectUndeployable(config);
}

/** Every function that reads could act, if what it may assume included the action role. */
function rejectReadingAsActionRole(config: PoloConfig): void {
  const { accounts, extraReadRoleArns: extra } = config;
  const actionRole = actionRoleOf(config);
  if (actionRole === undefined) return;
  for (const [key, arns] of Object.entries({ accounts, extraReadRoleArns: extra })) {
    const covering = arns.find((arn) => coversRole(arn, actionRole));
    if (covering !== undefined) {
      throw SettingError.wrong(`an entry of ${key}`, covering, `it covers the action role ${actionRole}, which only access-verifier may assume; name the read roles more narrowly`);
    }
  }
}

/** IAM's match of a role by path and name: `*` stands for any characters, slashes too. An account id covers no role. */
function coversRole(arn: string, role: string): boolean {
  const [, pattern] = arn.split(':role/');
  if (pattern === undefined) return false;
  const literals = pattern.split(/\*+/).map((literal) => literal.replace(/[.+]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(role);
}

/** The stub serves to look at the template; what can be deployed must also be able to work. */
function rejectUndeployable(config: PoloConfig): void {
  if (config.clickhouseUrl === undefined) {
    throw new SettingError('clickhouseUrl is missing: set "clickhouseUrl" to https://..., or "artifacts" to "stub" to synthesize without deploying');
  }
  const everyOrganizationHasOne = config.organizations?.every((one) => one.external_id !== undefined) ?? false;
  if (config.externalId === undefined && !everyOrganizationHasOne) {
    throw new SettingError('externalId is missing: set "externalId" to the value that the trust policies of the member roles require');
  }
  if (config.clickhouseUser === undefined && config.secrets.clickhousePassword !== undefined && config.secrets.clickhousePassword.arn === undefined) {
    throw new SettingError('clickhouseUser is missing, and the data stack would make a password for no user: set "clickhouseUser" or "clickhouseSecretArn", or set "clickhousePassword" to "none"');
  }
}
