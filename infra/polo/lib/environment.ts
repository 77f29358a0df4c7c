/**
 * The environment variables of the functions, and who gets which.
 * Invariant: values are literals or pseudo parameters (never a Ref to a resource, which only CloudFormation could
 * resolve), none is a secret, and an unset setting is an absent variable, so that defaults live in the functions alone.
 */
import { Aws, Token } from 'aws-cdk-lib';
import type { PoloConfig } from './config.ts';
import type { CollectorManifest } from './manifest.ts';
import type { Names } from './names.ts';
import { SettingError } from './setting-error.ts';

export type Environment = Readonly<Record<string, string>>;

/** Lambda's limit for all names and values of one function together. */
const ENVIRONMENT_LIMIT_BYTES = 4096;
const ACCOUNT_ID_BYTES = 12;

/** What every function gets. */
export function commonEnvironment(config: PoloConfig, names: Names): Environment {
  return defined({
    CLICKHOUSE_URL: config.clickhouseUrl,
    CLICKHOUSE_DATABASE: config.clickhouseDatabase,
    CLICKHOUSE_USER: config.clickhouseUser,
    POLO_ENV: config.env,
    POLO_HUB_ACCOUNT_ID: Aws.ACCOUNT_ID,
    POLO_READ_ROLE_NAME: config.readRoleName,
    POLO_EXTERNAL_ID: config.externalId,
    POLO_MODE: config.mode,
    POLO_ORGANIZATIONS: config.organizations && JSON.stringify(config.organizations),
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
 * of. The name, not the right: discovery never assumes that role.
 */
export function discoveryEnvironment(config: PoloConfig): Environment {
  return defined({ POLO_ACTION_ROLE_NAME: config.actionRoleName });
}

/**
 * What access-verifier gets besides, with the rights that go with it. No function may use one of these without its
 * right: it would take its own denial for the member account's. So no other function gets the stack set's name, and
 * the action role's goes no further than to discovery.
 */
export function verifierEnvironment(config: PoloConfig): Environment {
  const { stackSetName, roles } = config;
  return defined({
    POLO_ACTION_ROLE_NAME: config.actionRoleName,
    POLO_STACK_SET_NAME: stackSetName,
    POLO_STACK_SET_CALL_AS: stackSetName !== undefined && roles.callAs !== 'SELF' ? roles.callAs : undefined,
  });
}

/** What a collector gets besides, where the setting and not its manifest caps what its billed calls may cost. */
export function budgetEnvironment({ id }: CollectorManifest, config: PoloConfig): Environment {
  return defined({ POLO_DAY_USD_AT_MOST: config.dayUsdAtMost[id] });
}

/** Fails where Lambda would refuse the function for the size of its environment. */
export function rejectOversized(functionId: string, environment: Environment): void {
  const bytes = Object.entries(environment).reduce(
    (sum, [name, value]) => sum + name.length + (Token.isUnresolved(value) ? ACCOUNT_ID_BYTES : Buffer.byteLength(value)),
    0,
  );
  if (bytes > ENVIRONMENT_LIMIT_BYTES) {
    throw new SettingError(
      `the environment of ${functionId} has ${bytes} bytes and Lambda allows ${ENVIRONMENT_LIMIT_BYTES}: shorten accounts or organizations`,
    );
  }
}

function joined(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(',');
}

function defined(values: Record<string, string | undefined>): Environment {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
