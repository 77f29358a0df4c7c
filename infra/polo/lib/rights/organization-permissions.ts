/**
 * What listing an organization takes, for whoever does it: account-discovery, or a role in the management account.
 * Invariant: reads alone.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Most of these actions know no resource to name. */
export function organizationReads(): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadOrganization',
    actions: [
      'organizations:DescribeAccount',
      'organizations:DescribeOrganization',
      'organizations:DescribeOrganizationalUnit',
      'organizations:ListAccounts',
      'organizations:ListAccountsForParent',
      'organizations:ListOrganizationalUnitsForParent',
      'organizations:ListParents',
      'organizations:ListRoots',
      'organizations:ListTagsForResource',
    ],
    resources: ['*'],
  });
}
