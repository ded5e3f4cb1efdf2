export {
  type CallPlan,
  type ClientErrors,
  type Endpoint,
  type EndpointBase,
  type EndpointPricing,
  isTokenPlan,
  type KnownFiles,
  type TokenEndpoint,
  type TokenPlan,
  type UnitPricedEndpoint,
  withProviderName,
} from './call-plan.ts';
export type { HostedTools, OtherUsage, ParsedResponse } from './parsed-response.ts';
export type { Provider } from './provider.ts';
export type { ApiTarget, IncludeUsage, OutgoingBody, ProviderApi } from './provider-api.ts';
