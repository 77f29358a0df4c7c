/**
 * A rule on Polo's bus that invokes one function for matching events.
 * Invariant: the function receives {id, time, source, detail-type, detail}, where detail holds the fields named here and
 * no others, each with the JSON type it had in the event.
 */
import { EventField, type EventPattern, type IEventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { DeadLetters } from './dead-letters.ts';
import { functionTarget } from './function-target.ts';
import type { PoloFunction } from './polo-function.ts';

/** Which events: of each field one of the values. */
export interface EventSelection {
  readonly sources: readonly string[];
  readonly detailTypes: readonly string[];
  /** The values of detail that match, by field. */
  readonly matching: Readonly<Record<string, readonly string[]>>;
}

export interface EventRuleProps extends EventSelection {
  readonly names: Names;
  readonly bus: IEventBus;
  readonly description: string;
  /** The fields of detail that the function receives. */
  readonly fields: readonly string[];
  readonly target: PoloFunction;
  readonly deadLetters: DeadLetters;
}

export class EventRule extends Construct {
  /** `rule` is the rule's name without the environment's prefix. */
  constructor(scope: Construct, rule: string, props: EventRuleProps) {
    super(scope, rule);
    const payload = RuleTargetInput.fromObject({
      id: EventField.eventId,
      time: EventField.time,
      source: EventField.source,
      'detail-type': EventField.detailType,
      detail: Object.fromEntries(props.fields.map((field) => [field, EventField.fromPath(`$.detail.${field}`)])),
    });
    new Rule(this, 'Rule', {
      ruleName: props.names.rule(rule),
      description: props.description,
      eventBus: props.bus,
      eventPattern: eventPattern(props),
      targets: [functionTarget(props.target, payload, props.deadLetters)],
    });
  }
}

export function eventPattern({ sources, detailTypes, matching }: EventSelection): EventPattern {
  return { source: [...sources], detailType: [...detailTypes], detail: matching };
}
