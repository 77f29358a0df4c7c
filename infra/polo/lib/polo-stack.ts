/**
 * Polo in the hub account: the functions, the bus, the schedules and rules between them, the dead letters and the alarms.
 * Invariant: this file is the whole wiring and all rights; a collector enters it by its manifest alone. One stack: what
 * Polo knows is in ClickHouse, and nothing in here holds data that a new deployment could not do without.
 */
import { Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy, EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ACCOUNT_EVENTS } from './account-events.ts';
import { functionCode } from './code.ts';
import type { PoloConfig } from './config.ts';
import { Alarms } from './constructs/alarms.ts';
import { DeadLetters } from './constructs/dead-letters.ts';
import { EventRule, type EventRuleProps } from './constructs/event-rule.ts';
import { PoloFunction, type PoloFunctionProps } from './constructs/polo-function.ts';
import { ScheduleRule, type ScheduleRuleProps } from './constructs/schedule-rule.ts';
import { budgetEnvironment, commonEnvironment, discoveryEnvironment, verifierEnvironment } from './environment.ts';
import type { CollectorManifest } from './manifest.ts';
import { namesFor } from './names.ts';
import { assumeActionRoles, assumeListingRoles, assumeReadRoles, emitEvents, readOrganization, readStackSet } from './permissions.ts';
import type { RunbookSection } from './runbook.ts';
import { SettingError } from './setting-error.ts';

export interface PoloStackProps {
  readonly config: PoloConfig;
  readonly manifests: readonly CollectorManifest[];
}

type OwnFunctionProps = Pick<PoloFunctionProps, 'description' | 'memoryMb' | 'timeoutS' | 'environment' | 'statements'>;
type OwnScheduleProps = Pick<ScheduleRuleProps, 'description' | 'schedule' | 'detail' | 'target'>;
type OwnEventProps = Pick<EventRuleProps, 'description' | 'sources' | 'detailTypes' | 'matching' | 'fields' | 'target'>;

export class PoloStack extends Stack {
  constructor(scope: Construct, { config, manifests }: PoloStackProps) {
    const names = namesFor(config.env);
    super(scope, names.bus, {
      stackName: names.bus,
      description: 'Polo: discovers the accounts of an organization, verifies access to them and collects from each',
    });
    const common = commonEnvironment(config, names);
    const bus = new EventBus(this, 'Bus', { eventBusName: names.bus, description: 'Events of Polo multi-account management' });
    if (config.forwarding.managementAccountId !== undefined) admit(config.forwarding.managementAccountId, bus);
    const deadLetters = new DeadLetters(this, 'DeadLetters', names);
    const alarms = new Alarms(this, 'Alarms', { names, settings: config.alarms });
    alarms.deadLettersNotEmpty(deadLetters);

    const addFunction = (id: string, own: OwnFunctionProps, onFailure: RunbookSection = 'function-failed'): PoloFunction => {
      const added = new PoloFunction(this, id, { config, names, deadLetters, code: functionCode(id, config.artifacts), ...own });
      alarms.failed(id, added, onFailure);
      return added;
    };
    const addSchedule = (rule: string, own: OwnScheduleProps): ScheduleRule => new ScheduleRule(this, rule, { names, deadLetters, ...own });
    const addEventRule = (rule: string, own: OwnEventProps): EventRule => new EventRule(this, rule, { names, deadLetters, bus, ...own });

    const discovery = addFunction('account-discovery', {
      description: 'Lists the organizations, registers their accounts and checks the new ones at once',
      memoryMb: 512,
      timeoutS: 900,
      environment: { ...common, ...discoveryEnvironment(config) },
      statements: [assumeReadRoles(config), ...assumeListingRoles(config), ...readOrganization(config), emitEvents(names.bus)],
    });
    const verifier = addFunction('access-verifier', {
      description: 'Checks with fresh credentials which accounts Polo can read, and says why not',
      memoryMb: 512,
      timeoutS: 900,
      environment: { ...common, ...verifierEnvironment(config) },
      statements: [assumeReadRoles(config), ...assumeActionRoles(config), ...readStackSet(config), emitEvents(names.bus)],
    });
    const dispatcher = addFunction('collection-dispatcher', {
      description: 'Asks for one run per active account and collector',
      memoryMb: 256,
      timeoutS: 900,
      environment: common,
      statements: [emitEvents(names.bus)],
    });

    // Of the dispatcher's schedules the tick: it is the pace that everything else falls back on.
    alarms.notRunning('account-discovery', discovery, config.discoverySchedule);
    alarms.notRunning('access-verifier', verifier, config.accessCheckSchedule);
    alarms.notRunning('collection-dispatcher', dispatcher, config.dispatchSchedule);

    addSchedule('hourly-discovery', {
      description: 'Lists the accounts: the truth behind every event about new ones',
      schedule: config.discoverySchedule,
      detail: {},
      target: discovery,
    });
    addSchedule('access-check-tick', {
      description: 'Checks the accounts whose next check is due',
      schedule: config.accessCheckSchedule,
      detail: {},
      target: verifier,
    });
    addSchedule('dispatch-tick', {
      description: 'Dispatches accounts never collected and runs that were lost',
      schedule: config.dispatchSchedule,
      detail: { mode: 'reconcile' },
      target: dispatcher,
    });
    for (const [sweep, expression] of sweepsOf(manifests, config)) {
      addSchedule(`${sweep}-sweep`, {
        description: `Dispatches every active account to every collector of the ${sweep} sweep`,
        schedule: expression,
        detail: { mode: 'sweep', schedule: sweep },
        target: dispatcher,
      });
    }

    addEventRule('access-activated', {
      description: 'Dispatches an account as soon as Polo can read it',
      sources: ['polo.account-discovery', 'polo.access-verifier'],
      detailTypes: ['Account Access Changed'],
      matching: { polo_status: ['active'] },
      fields: ['account_id', 'polo_status'],
      target: dispatcher,
    });
    // No field of it is handed on: whatever happened, all accounts are listed, and nothing depends on what the event says.
    addEventRule('account-changes', {
      description: 'Lists the accounts as soon as AWS tells that one came, went or moved',
      ...ACCOUNT_EVENTS,
      fields: [],
      target: discovery,
    });
    rejectBudgetsOfNobody(manifests, config);
    for (const manifest of manifests) {
      const own = {
        description: manifest.description,
        memoryMb: manifest.memory_mb,
        timeoutS: manifest.timeout_s,
        environment: { ...common, ...budgetEnvironment(manifest, config) },
        statements: [assumeReadRoles(config)],
      };
      const collector = addFunction(manifest.id, own, 'collector-failed');
      addEventRule(`collect-${manifest.id}`, {
        description: `Runs ${manifest.id} for the accounts that the dispatcher asks for`,
        sources: ['polo.collection-dispatcher'],
        detailTypes: ['Collect Account'],
        matching: { collector: [manifest.id] },
        fields: ['account_id', 'collector', 'sweep_id', 'requested_at'],
        target: collector,
      });
    }
  }
}

/** Account events come from the management account; where the hub is in another, its bus has to let them in. */
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

/** A budget that no collector reads would be an operator's mistake that only a bill tells of. */
function rejectBudgetsOfNobody(manifests: readonly CollectorManifest[], config: PoloConfig): void {
  const billed = manifests.filter(({ billing }) => billing !== undefined).map(({ id }) => id);
  const nobody = Object.keys(config.dayUsdAtMost).find((id) => !billed.includes(id));
  if (nobody !== undefined) {
    throw SettingError.wrong('a name in dayUsdAtMost', nobody, `name collectors whose calls AWS bills: ${billed.join(', ') || 'there are none'}`);
  }
}

/** The sweeps that manifests name, each once and in order, with their schedules. */
function sweepsOf(manifests: readonly CollectorManifest[], config: PoloConfig): [name: string, expression: string][] {
  const sweeps = new Map<string, string>();
  for (const { id, schedule } of manifests) {
    const expression = Object.hasOwn(config.sweepSchedules, schedule) ? config.sweepSchedules[schedule] : undefined;
    if (expression === undefined) {
      const known = Object.keys(config.sweepSchedules).sort().join(', ');
      throw SettingError.wrong(`${id}/collector.json: schedule`, schedule, `write one of ${known}, or define it in the setting sweepSchedules`);
    }
    sweeps.set(schedule, expression);
  }
  return [...sweeps].sort(([a], [b]) => (a < b ? -1 : 1));
}
