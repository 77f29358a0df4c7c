/** A load balancer's settings, all that have to be there and no other. */
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:polo/page-client-AbCdEf';

export const PAGE = {
  pageCertificateArn: 'arn:aws:acm:eu-west-1:111111111111:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
  pageVpcId: 'vpc-0123456789abcdef0',
  pageSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  pageAllowedCidrs: ['10.0.0.0/8', '192.0.2.0/24'],
  pageOidcIssuer: 'https://login.example.com',
  pageOidcAuthorizationEndpoint: 'https://login.example.com/authorize',
  pageOidcTokenEndpoint: 'https://login.example.com/token',
  pageOidcUserInfoEndpoint: 'https://login.example.com/userinfo',
  pageOidcClientId: 'polo',
  pageOidcClientSecretArn: SECRET_ARN,
};
