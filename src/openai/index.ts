export {
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
  SCOPE,
  SUPPORTED_VERSIONS,
} from './instrumentation.ts';
