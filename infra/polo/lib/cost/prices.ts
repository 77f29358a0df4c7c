/**
 * What AWS charges for what Polo uses, in USD, in us-east-1 and without free tiers. Read in November 2026.
 * Invariant: a price has its page. Most other regions differ by a few per cent.
 */

/** https://aws.amazon.com/lambda/pricing/ */
export const LAMBDA_GB_SECOND_USD = { x86_64: 0.0000166667, arm64: 0.0000133334 } as const;
export const LAMBDA_MILLION_REQUESTS_USD = 0.2;
/** Custom events; what rules then invoke in the same account is free. https://aws.amazon.com/eventbridge/pricing/ */
export const MILLION_EVENTS_USD = 1.0;
/** Taking in; and keeping, compressed. https://aws.amazon.com/cloudwatch/pricing/ */
export const LOG_GB_USD = 0.5;
export const LOG_GB_MONTH_USD = 0.03;
/** A standard-resolution alarm, by month. https://aws.amazon.com/cloudwatch/pricing/ */
export const ALARM_MONTH_USD = 0.1;
/** https://aws.amazon.com/secrets-manager/pricing/ */
export const SECRET_MONTH_USD = 0.4;
/** From Lambda to the internet, where ClickHouse is elsewhere. https://aws.amazon.com/ec2/pricing/on-demand/ */
export const TRANSFER_OUT_GB_USD = 0.09;
