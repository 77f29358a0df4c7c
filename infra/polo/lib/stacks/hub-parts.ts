/**
 * What the functions, schedules and rules of the hub have in common, so that each is added in a few lines.
 * Invariant: every function but the one that migrates is deployed once the schema is up to date, has an alarm for what it
 * gives up, and what fails for good goes to the same dead letters.
 */
import { type EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { functionCode } from '../inputs/code.ts';
import { rejectUnknownFunctions } from '../settings/concurrency-settings.ts';
import type { PoloConfig } from '../settings/polo-config.ts';
import { Alarms } from '../constructs/alarms.ts';
import { DeadLetters } from '../constructs/dead-letters.ts';
import { EventRule, type EventRuleProps } from '../constructs/event-rule.ts';
import { PoloFunction, type PoloFunctionProps } from '../constructs/polo-function.ts';
import { ScheduleRule, type ScheduleRuleProps } from '../constructs/schedule-rule.ts';
import { Schema } from '../constructs/schema.ts';
import { type Environment, commonEnvironment } from '../environment.ts';
import type { Names } from '../names.ts';
import type { RunbookSection } from '../runbook.ts';
import { readSecret } from '../rights/secrets.ts';

export type OwnFunctionProps = Pick<PoloFunctionProps, 'description' | 'memoryMb' | 'timeoutS' | 'statements'> & {
  /** What it gets besides what all functions get. */
  readonly environment?: Environment;
  /** Where its alarm leads; `none`: nothing sets it off by an event, so that it can give none up. */
  readonly onFailure?: RunbookSection | 'none';
};
export type OwnScheduleProps = Pick<ScheduleRuleProps, 'description' | 'schedule' | 'detail' | 'target'>;
export type OwnEventProps = Pick<EventRuleProps, 'description' | 'sources' | 'detailTypes' | 'matching' | 'fields' | 'target'>;

export class HubParts {
  readonly names: Names;
  readonly config: PoloConfig;
  readonly alarms: Alarms;
  private readonly scope: Construct;
  private readonly bus: EventBus;
  private readonly deadLetters: DeadLetters;
  private readonly functionIds: string[] = [];
  private schema?: Schema;

  constructor(scope: Construct, config: PoloConfig, names: Names, bus: EventBus) {
    this.scope = scope;
    this.config = config;
    this.names = names;
    this.bus = bus;
    this.deadLetters = new DeadLetters(scope, 'DeadLetters', names);
    this.alarms = new Alarms(scope, 'Alarms', { names, settings: config.alarms });
    this.alarms.deadLettersNotEmpty(this.deadLetters);
  }

  /** The function that brings the schema up to date: everything added after it waits for it. */
  addMigrator(id: string, own: OwnFunctionProps): void {
    this.schema = new Schema(this.scope, 'Schema', this.addFunction(id, own), this.config);
  }

  addFunction(id: string, { environment = {}, onFailure = 'function-failed', statements, ...own }: OwnFunctionProps): PoloFunction {
    const { config, names, deadLetters } = this;
    const { clickhousePassword } = config.secrets;
    const added = new PoloFunction(this.scope, id, {
      config,
      names,
      deadLetters,
      code: functionCode(id, config),
      environment: { ...commonEnvironment(config, names), ...environment },
      statements: [...(clickhousePassword === undefined ? [] : readSecret(names, 'clickhouse-password', clickhousePassword)), ...statements],
      ...own,
    });
    this.functionIds.push(id);
    this.schema?.before(added);
    if (onFailure !== 'none') this.alarms.failed(id, added, onFailure);
    return added;
  }

  addSchedule(rule: string, own: OwnScheduleProps): void {
    new ScheduleRule(this.scope, rule, { names: this.names, deadLetters: this.deadLetters, ...own });
  }

  addEventRule(rule: string, own: OwnEventProps): void {
    new EventRule(this.scope, rule, { names: this.names, deadLetters: this.deadLetters, bus: this.bus, ...own });
  }

  /** To be called last, when all functions are known. */
  rejectUnknownFunctions(): void {
    rejectUnknownFunctions(this.config.reservedConcurrency, this.functionIds);
  }
}
