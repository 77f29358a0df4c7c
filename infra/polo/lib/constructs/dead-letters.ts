/**
 * The queue that keeps what failed for good, for people to look at and send again.
 * Invariant: ONE policy statement lets EventBridge write to it, however many rules there are. CDK would add one per
 * rule, and a queue policy ends at 20 statements and 10 conditions.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IDestination } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

export class DeadLetters extends Construct {
  readonly queueName: string;
  /** For rule targets: the same queue, seen as an imported one, so that CDK leaves its policy alone. */
  readonly forRules: IQueue;
  /** For asynchronous invocations. The right to send is the function's own statement: CDK's grant is wider. */
  readonly forInvocations: IDestination;

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.queueName = names.deadLetters;
    const queue = new Queue(this, 'Queue', {
      queueName: this.queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const rules = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule`;
    queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'KeepUndelivered',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        // Rules on the default bus are rule/<name>, those on Polo's bus rule/<bus>/<name>.
        conditions: { ArnLike: { 'aws:SourceArn': [`${rules}/${names.rule('*')}`, `${rules}/${names.bus}/*`] } },
      }),
    );
    this.forRules = Queue.fromQueueAttributes(this, 'ForRules', { queueArn: queue.queueArn, queueUrl: queue.queueUrl });
    this.forInvocations = { bind: () => ({ destination: queue.queueArn }) };
  }
}
