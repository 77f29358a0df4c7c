/**
 * How long Polo tries before it gives up, for both ways in which an invocation can fail: EventBridge cannot hand the
 * event to Lambda (delivery), and the function itself ends with an error (invocation).
 * Invariant: both give up after the same time, and into the same queue; the functions' own reconciling heals the rest.
 */
import { Duration } from 'aws-cdk-lib';

export const MAX_EVENT_AGE = Duration.hours(6);

/** Delivery: EventBridge's own maximum, so that the age decides. */
export const DELIVERY_RETRY_ATTEMPTS = 185;

/** Invocation: Lambda's maximum. */
export const INVOCATION_RETRY_ATTEMPTS = 2;
