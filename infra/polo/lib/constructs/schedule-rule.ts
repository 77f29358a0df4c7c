/**
 * A schedule that invokes one function. Rules with a schedule live on the default bus: no other bus takes them.
 * Invariant: the function receives {id, time, rule, detail}; id and time are the event's own, so every retry of one
 * firing carries the same ones, and the sweep's key is made of them.
 */
import { EventField, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { DeadLetters } from './dead-letters.ts';
import { functionTarget } from './function-target.ts';
import type { PoloFunction } from './polo-function.ts';

export interface ScheduleRuleProps {
  readonly names: Names;
  readonly description: string;
  /** A checked rate or cron expression. */
  readonly schedule: string;
  /** What the function is told, the same at every firing. */
  readonly detail: Readonly<Record<string, string>>;
  readonly target: PoloFunction;
  readonly deadLetters: DeadLetters;
}

export class ScheduleRule extends Construct {
  /** `rule` is the rule's name without the environment's prefix. */
  constructor(scope: Construct, rule: string, props: ScheduleRuleProps) {
    super(scope, rule);
    const payload = RuleTargetInput.fromObject({ id: EventField.eventId, time: EventField.time, rule, detail: props.detail });
    new Rule(this, 'Rule', {
      ruleName: props.names.rule(rule),
      description: props.description,
      schedule: Schedule.expression(props.schedule),
      targets: [functionTarget(props.target, payload, props.deadLetters)],
    });
  }
}
