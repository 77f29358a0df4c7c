/**
 * A function as a rule's target. Invariant: every rule delivers with the same patience and the same dead letters.
 */
import type { IRuleTarget, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { DELIVERY_RETRY_ATTEMPTS, MAX_EVENT_AGE } from '../delivery.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { PoloFunction } from './polo-function.ts';

export function functionTarget(target: PoloFunction, payload: RuleTargetInput, deadLetters: DeadLetters): IRuleTarget {
  return new LambdaFunction(target.lambda, {
    event: payload,
    deadLetterQueue: deadLetters.forRules,
    retryAttempts: DELIVERY_RETRY_ATTEMPTS,
    maxEventAge: MAX_EVENT_AGE,
  });
}
