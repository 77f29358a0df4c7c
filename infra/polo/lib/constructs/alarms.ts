/**
 * The alarms: what has failed for good, what does not run, and what nobody has looked at yet.
 * Invariant: each tells the topic, and its description ends with the link to what to do. None is for what heals by itself:
 * an attempt that fails or is throttled is made again for hours, and counts only once it is given up.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { AlarmSettings } from '../settings/alarm-settings.ts';
import type { Names } from '../names.ts';
import { type RunbookSection, runbookLink } from '../runbook.ts';
import { longestGapMinutes } from '../settings/schedule-gap.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { PoloFunction } from './polo-function.ts';

/** So many firings of a schedule in a row without an invocation; fewer can be the schedule's jitter across two periods. */
const MISSED_FIRINGS = 3;
const SHORTEST_PERIOD_MINUTES = 5;
/** CloudWatch's limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const LONGEST_PERIOD_MINUTES = 24 * 60;
const LONGEST_WATCH_MINUTES = 7 * 24 * 60;

export interface AlarmsProps {
  readonly names: Names;
  readonly settings: AlarmSettings;
}

interface OwnAlarmProps {
  readonly section: RunbookSection;
  readonly what: string;
  readonly metric: Metric;
  readonly periods: number;
  readonly comparison: ComparisonOperator;
  readonly missing: TreatMissingData;
  /** Whether it is good news that it is over: a failure is over after a while, mended or not. */
  readonly tellsEnd: boolean;
}

export class Alarms extends Construct {
  private readonly names: Names;
  private readonly runbookUrl: string;
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, { names, settings }: AlarmsProps) {
    super(scope, id);
    this.names = names;
    this.runbookUrl = settings.runbookUrl;
    const topicArn = `arn:${Aws.PARTITION}:sns:${Aws.REGION}:${Aws.ACCOUNT_ID}:${names.alarmTopic}`;
    this.action = new SnsAction(Topic.fromTopicArn(this, 'Topic', topicArn));
  }

  /**
   * An event was given up. Not the metric Errors: it counts every attempt, also those that the next one heals.
   * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
   */
  failed(id: string, { lambda }: PoloFunction, section: RunbookSection): void {
    this.add(`${id}-failed`, {
      section,
      what: `${id} gave up an event: every attempt failed, or it was throttled for hours.`,
      metric: lambda.metric('AsyncEventsDropped', { statistic: 'Sum', period: Duration.minutes(15) }),
      periods: 1,
      comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      missing: TreatMissingData.NOT_BREACHING,
      tellsEnd: false,
    });
  }

  /** Of a function that nobody calls by an event: whoever calls it waits, and nothing tries again. */
  failedToAnswer(id: string, { lambda }: PoloFunction): void {
    this.add(`${id}-failed`, {
      section: 'function-failed',
      what: `${id} ended with an error instead of an answer.`,
      metric: lambda.metricErrors({ statistic: 'Sum', period: Duration.minutes(15) }),
      periods: 1,
      comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      missing: TreatMissingData.NOT_BREACHING,
      tellsEnd: false,
    });
  }

  /**
   * No invocation when `schedule` should long have fired. None where CloudWatch cannot watch: it looks back seven days at
   * most, and a schedule that follows the calendar has no even pace. Throttled invocations count as none.
   */
  notRunning(id: string, { lambda }: PoloFunction, schedule: string): void {
    const gap = longestGapMinutes(schedule);
    if (gap === undefined) return;
    const period = Math.min(Math.max(gap, SHORTEST_PERIOD_MINUTES), LONGEST_PERIOD_MINUTES);
    const periods = Math.ceil((MISSED_FIRINGS * gap) / period);
    if (period * periods > LONGEST_WATCH_MINUTES) return;
    this.add(`${id}-not-running`, {
      section: 'function-not-running',
      what: `${id} was not invoked for ${period * periods} minutes; its schedule is ${schedule}.`,
      metric: lambda.metricInvocations({ statistic: 'Sum', period: Duration.minutes(period) }),
      periods,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
      tellsEnd: true,
    });
  }

  deadLettersNotEmpty({ queueName }: DeadLetters): void {
    this.add('dead-letters-not-empty', {
      section: 'dead-letters-not-empty',
      what: `The queue ${queueName} holds what could not be delivered or failed for good.`,
      metric: new Metric({
        namespace: 'AWS/SQS',
        metricName: 'ApproximateNumberOfMessagesVisible',
        dimensionsMap: { QueueName: queueName },
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      periods: 1,
      comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      missing: TreatMissingData.NOT_BREACHING,
      tellsEnd: true,
    });
  }

  private add(alarm: string, { section, what, metric, periods, comparison, missing, tellsEnd }: OwnAlarmProps): void {
    const made = new Alarm(this, alarm, {
      alarmName: this.names.alarm(alarm),
      alarmDescription: `${what} What to do: ${runbookLink(this.runbookUrl, section)}`,
      metric,
      threshold: 1,
      evaluationPeriods: periods,
      comparisonOperator: comparison,
      treatMissingData: missing,
    });
    made.addAlarmAction(this.action);
    if (tellsEnd) made.addOkAction(this.action);
  }
}
