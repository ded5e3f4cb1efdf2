export {
  type Env,
  isSdkDisabled,
  type Protocol,
  readEndpoint,
  readExporterNames,
  readPositiveNumber,
  readProtocol,
  readVariable,
  type Signal,
} from './variables.ts';
