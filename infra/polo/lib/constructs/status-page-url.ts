/**
 * The address of the status page: a function URL that takes signed requests alone.
 * Invariant: whom a setting lets in may open the page and not invoke the function otherwise; Lambda asks for both rights.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnPermission, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { PoloFunction } from './polo-function.ts';

export class StatusPageUrl extends Construct {
  constructor(scope: Construct, id: string, { lambda }: PoloFunction, readers: readonly string[]) {
    super(scope, id);
    const { url } = lambda.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    for (const [index, principal] of readers.entries()) {
      new CfnPermission(this, `Url${index}`, {
        functionName: lambda.functionArn,
        action: 'lambda:InvokeFunctionUrl',
        functionUrlAuthType: FunctionUrlAuthType.AWS_IAM,
        principal,
      });
      new CfnPermission(this, `Function${index}`, {
        functionName: lambda.functionArn,
        action: 'lambda:InvokeFunction',
        invokedViaFunctionUrl: true,
        principal,
      });
    }
    new CfnOutput(Stack.of(this), 'StatusPageUrl', { description: 'The status page; polo page opens it', value: url });
  }
}
