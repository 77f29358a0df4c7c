/**
 * Polo in the hub account: the functions, the bus, the schedules and rules between them, and the alarms.
 * Invariant: this file and collectors.ts are the whole wiring and all rights; a collector enters by its manifest alone.
 * Nothing in here holds data that a new deployment could not do without: that is in data-stack.ts, and in ClickHouse.
 */
import { Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy, EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ACCOUNT_EVENTS } from '../account-events.ts';
import { addCollectors, addSweeps } from './collectors.ts';
import type { PoloConfig } from '../settings/polo-config.ts';
import { MIGRATION_TIMEOUT_S } from '../constructs/schema.ts';
import { StatusPageUrl } from '../constructs/status-page-url.ts';
import { discoveryEnvironment, migratorEnvironment, notifierEnvironment, verifierEnvironment } from '../environment.ts';
import { hubEnvironment } from './hub-environment.ts';
import { HubParts } from './hub-parts.ts';
import type { CollectorManifest } from '../inputs/manifest.ts';
import { namesFor } from '../names.ts';
import { assumeActionRoles, assumeListingRoles, assumeReadRoles, emitEvents, readOrganization, readOwnStack, readStackSet } from '../rights/permissions.ts';
import { provisioningEnvironment, provisioningRights } from '../rights/provisioning.ts';
import { readSecret } from '../rights/secrets.ts';

export interface PoloStackProps {
  readonly config: PoloConfig;
  readonly manifests: readonly CollectorManifest[];
}

export class PoloStack extends Stack {
  constructor(scope: Construct, { config, manifests }: PoloStackProps) {
    const names = namesFor(config.env);
    super(scope, names.bus, {
      stackName: names.bus,
      env: hubEnvironment(config),
      description: 'Polo: discovers the accounts of an organization, verifies access to them and collects from each',
    });
    const bus = new EventBus(this, 'Bus', { eventBusName: names.bus, description: 'Events of Polo multi-account management' });
    const teller = accountThatTells(config);
    if (teller !== undefined) admit(teller, bus);
    const hub = new HubParts(this, config, names, bus);

    hub.addMigrator('schema-migrator', {
      description: 'Brings the database up to date when Polo is deployed',
      memoryMb: 256,
      timeoutS: MIGRATION_TIMEOUT_S,
      environment: migratorEnvironment(config),
      statements: [readOwnStack()],
    });
    const discovery = hub.addFunction('account-discovery', {
      description: 'Lists the organizations, registers their accounts and checks the new ones at once',
      memoryMb: 512,
      timeoutS: 900,
      environment: discoveryEnvironment(config),
      statements: [assumeReadRoles(config), ...assumeListingRoles(config), ...readOrganization(config), emitEvents(names.bus)],
    });
    const verifier = hub.addFunction('access-verifier', {
      description: 'Checks with fresh credentials which accounts Polo can read, and says why not',
      memoryMb: 512,
      timeoutS: 900,
      environment: verifierEnvironment(config),
      statements: [assumeReadRoles(config), ...assumeActionRoles(config), ...readStackSet(config), emitEvents(names.bus)],
    });
    const dispatcher = hub.addFunction('collection-dispatcher', {
      description: 'Asks for one run per active account and collector',
      memoryMb: 256,
      timeoutS: 900,
      statements: [emitEvents(names.bus)],
    });
    const notifier = hub.addFunction('coverage-notifier', {
      description: 'Tells Slack when an account goes dark, and when it is back',
      memoryMb: 256,
      timeoutS: 300,
      environment: notifierEnvironment(config, names),
      statements: config.secrets.slackWebhook === undefined ? [] : readSecret(names, 'slack-webhook', config.secrets.slackWebhook),
    });
    const page = hub.addFunction('status-page', {
      description: 'Shows people which accounts Polo sees, which it does not, and why',
      memoryMb: 512,
      timeoutS: 30,
      statements: [],
      onFailure: 'none',
    });
    hub.alarms.failedToAnswer('status-page', page);
    new StatusPageUrl(this, 'StatusPage', page, config.page.readers);

    // Of the dispatcher's schedules the tick: it is the pace that everything else falls back on.
    hub.alarms.notRunning('account-discovery', discovery, config.discoverySchedule);
    hub.alarms.notRunning('access-verifier', verifier, config.accessCheckSchedule);
    hub.alarms.notRunning('collection-dispatcher', dispatcher, config.dispatchSchedule);
    hub.alarms.notRunning('coverage-notifier', notifier, config.coverageSchedule);

    hub.addSchedule('hourly-discovery', {
      description: 'Lists the accounts: the truth behind every event about new ones',
      schedule: config.discoverySchedule,
      detail: {},
      target: discovery,
    });
    hub.addSchedule('access-check-tick', {
      description: 'Checks the accounts whose next check is due',
      schedule: config.accessCheckSchedule,
      detail: {},
      target: verifier,
    });
    hub.addSchedule('dispatch-tick', {
      description: 'Dispatches accounts never collected and runs that were lost',
      schedule: config.dispatchSchedule,
      detail: { mode: 'reconcile' },
      target: dispatcher,
    });
    hub.addSchedule('coverage-tick', {
      description: 'Compares what Polo sees with what was last told of it',
      schedule: config.coverageSchedule,
      detail: {},
      target: notifier,
    });
    addSweeps(hub, manifests, dispatcher);
    if (config.roles.provisioning) addProvisioner(hub);

    hub.addEventRule('access-activated', {
      description: 'Dispatches an account as soon as Polo can read it',
      sources: ['polo.account-discovery', 'polo.access-verifier'],
      detailTypes: ['Account Access Changed'],
      matching: { polo_status: ['active'] },
      fields: ['account_id', 'polo_status'],
      target: dispatcher,
    });
    // No field of it is handed on: whatever happened, all accounts are listed, and nothing depends on what the event says.
    hub.addEventRule('account-changes', {
      description: 'Lists the accounts as soon as AWS tells that one came, went or moved',
      ...ACCOUNT_EVENTS,
      fields: [],
      target: discovery,
    });
    addCollectors(hub, manifests);
    hub.rejectUnknownFunctions();
  }
}

/** Only where it is switched on: without it the stack set serves no more than what enters its OUs by itself. */
function addProvisioner(hub: HubParts): void {
  const { config } = hub;
  const provisioner = hub.addFunction('role-provisioner', {
    description: 'Makes the instances of the stack set that accounts wait for',
    memoryMb: 256,
    timeoutS: 900,
    environment: provisioningEnvironment(config),
    statements: provisioningRights(config),
  });
  hub.alarms.notRunning('role-provisioner', provisioner, config.provisioningSchedule);
  hub.addSchedule('provisioning-tick', {
    description: 'Looks for accounts that wait for their roles and get none by themselves',
    schedule: config.provisioningSchedule,
    detail: {},
    target: provisioner,
  });
}

/**
 * Account events come from the management account, and where that is the hub's own, from another region: EventBridge asks
 * the bus's policy in both cases, and already when the forwarder's rule is made.
 */
function accountThatTells({ roles: { hubLocation, hubAccountId, stacks }, forwarding: { managementAccountId } }: PoloConfig): string | undefined {
  const own = hubLocation === 'management-account' && stacks.includes('forwarder') ? hubAccountId : undefined;
  return managementAccountId ?? own;
}

function admit(managementAccountId: string, bus: EventBus): void {
  const sid = 'TakeFromManagementAccount';
  const statement = new PolicyStatement({
    sid,
    principals: [new AccountPrincipal(managementAccountId)],
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
  });
  new CfnEventBusPolicy(bus, 'FromManagementAccount', { eventBusName: bus.eventBusName, statementId: sid, statement: statement.toStatementJson() });
}
