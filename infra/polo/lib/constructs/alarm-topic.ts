/**
 * The topic that tells people of alarms.
 * Invariant: only CloudWatch, for alarms of this environment, may publish, and nobody without TLS. A policy that denies
 * alone would be the whole policy: the one that SNS gives a topic by itself, and lets the account in, would be gone.
 */
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

export class AlarmTopic extends Construct {
  constructor(scope: Construct, id: string, names: Names, emails: readonly string[]) {
    super(scope, id);
    const topic = new Topic(this, 'Topic', { topicName: names.alarmTopic, displayName: `Polo alarms (${names.bus})`, enforceSSL: true });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'PublishAlarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:cloudwatch:${Aws.REGION}:${Aws.ACCOUNT_ID}:alarm:${names.alarm('*')}` },
        },
      }),
    );
    // Whoever subscribed has confirmed it, and would have to once more.
    topic.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
  }
}
