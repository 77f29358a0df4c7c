/**
 * The environment variables of the functions, and who gets which.
 * Invariant: values are literals or pseudo parameters (never a Ref to a resource, which only CloudFormation could
 * resolve), none is a secret, and an unset setting is an absent variable, so that defaults live in the functions alone.
 */
import { Aws } from 'aws-cdk-lib';
import type { PoloConfig } from './settings/polo-config.ts';
import { listedOrganizations, listsOwnOrganization, organizationReaderArn } from './settings/hub-location.ts';
import type { CollectorManifest } from './inputs/manifest.ts';
import type { Names } from './names.ts';
import { actionRoleOf, readRoleOf } from './settings/role-names.ts';
import { secretId } from './rights/secrets.ts';
import { SettingError } from './settings/setting-error.ts';

export type Environment = Readonly<Record<string, string>>;

/** Lambda's limit for all names and values of one function together. */
const ENVIRONMENT_LIMIT_BYTES = 4096;
/** An account id, the longest of what pseudo parameters stand for in values. */
const PSEUDO_PARAMETER = 'x'.repeat(12);

/** What every function gets. */
export function commonEnvironment(config: PoloConfig, names: Names): Environment {
  const organizations = listedOrganizations(config);
  return defined({
    CLICKHOUSE_URL: config.clickhouseUrl,
    CLICKHOUSE_DATABASE: config.clickhouseDatabase,
    CLICKHOUSE_USER: config.clickhouseUser,
    CLICKHOUSE_PASSWORD_SECRET_ID: config.secrets.clickhousePassword && secretId(names, 'clickhouse-password', config.secrets.clickhousePassword),
    POLO_ENV: config.env,
    POLO_HUB_ACCOUNT_ID: Aws.ACCOUNT_ID,
    POLO_READ_ROLE_NAME: readRoleOf(config),
    POLO_EXTERNAL_ID: config.externalId,
    POLO_MODE: config.mode,
    POLO_ORGANIZATIONS: organizations && JSON.stringify(organizations),
    POLO_ACCOUNTS: joined(config.accounts),
    POLO_EVENT_BUS: names.bus,
    POLO_CHECK_CONCURRENCY: config.checkConcurrency?.toString(),
    POLO_STS_CALLS_PER_SECOND: config.stsCallsPerSecond?.toString(),
    POLO_PUT_EVENTS_PER_SECOND: config.putEventsPerSecond?.toString(),
    POLO_REGIONS: joined(config.regions),
  });
}

/**
 * What account-discovery gets besides: the name of the action role, which it makes each account's ARN in the registry
 * of (the name, not the right: discovery never assumes that role), and the role through which a plain member account
 * lists its organization, where no list of organizations says so already.
 */
export function discoveryEnvironment(config: PoloConfig): Environment {
  return defined({
    POLO_ACTION_ROLE_NAME: actionRoleOf(config),
    POLO_ORGANIZATION_ROLE_ARN: config.organizations === undefined && listsOwnOrganization(config) ? organizationReaderArn(config) : undefined,
  });
}

/**
 * What access-verifier gets besides, with the rights that go with it. No function may use one of these without its
 * right: it would take its own denial for the member account's. So no other function gets the stack set's name, and
 * the action role's goes no further than to discovery.
 */
export function verifierEnvironment(config: PoloConfig): Environment {
  const { stackSetName, roles } = config;
  return defined({
    POLO_ACTION_ROLE_NAME: actionRoleOf(config),
    POLO_STACK_SET_NAME: stackSetName,
    POLO_STACK_SET_ROLE_ARN: stackSetName === undefined ? undefined : organizationReaderArn(config),
    POLO_STACK_SET_CALL_AS: stackSetName !== undefined && roles.callAs !== 'SELF' ? roles.callAs : undefined,
  });
}

/** What schema-migrator gets besides. */
export function migratorEnvironment({ clickhouseCluster, retention }: PoloConfig): Environment {
  return defined({
    CLICKHOUSE_CLUSTER: clickhouseCluster,
    POLO_RUN_RETENTION_DAYS: retention.runDays?.toString(),
    POLO_HISTORY_RETENTION_DAYS: retention.historyDays?.toString(),
    POLO_GONE_RETENTION_DAYS: retention.goneDays?.toString(),
    POLO_ADOPTED_HISTORY: retention.adoptedHistory,
  });
}

/** What coverage-notifier gets besides: the page is linked where people can open its address, which the function's own URL is not. */
export function notifierEnvironment({ secrets, page }: PoloConfig, names: Names): Environment {
  return defined({
    POLO_SLACK_WEBHOOK_SECRET_ID: secrets.slackWebhook && secretId(names, 'slack-webhook', secrets.slackWebhook),
    POLO_STATUS_PAGE_URL: page.url,
  });
}

/** What a collector gets besides, where the setting and not its manifest caps what its billed calls may cost. */
export function budgetEnvironment({ id }: CollectorManifest, config: PoloConfig): Environment {
  return defined({ POLO_DAY_USD_AT_MOST: config.dayUsdAtMost[id] });
}

/** Fails where Lambda would refuse the function for the size of its environment. */
export function rejectOversized(functionId: string, environment: Environment): void {
  const bytes = Object.entries(environment).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(asIfSettled(value)),
    0,
  );
  if (bytes > ENVIRONMENT_LIMIT_BYTES) {
    throw new SettingError(
      `the environment of ${functionId} has ${bytes} bytes and Lambda allows ${ENVIRONMENT_LIMIT_BYTES}: shorten accounts or organizations`,
    );
  }
}

/** With as many characters as CloudFormation puts in place of what only it knows. */
function asIfSettled(value: string): string {
  return value.replaceAll(/\$\{Token\[[^\]]*\]\}/g, PSEUDO_PARAMETER);
}

function joined(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(',');
}

function defined(values: Record<string, string | undefined>): Environment {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
