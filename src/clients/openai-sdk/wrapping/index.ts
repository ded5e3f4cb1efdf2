export { atCallSite, captureCallSite, takeCallSite } from './call-site.ts';
export { isWrapped, WrappedMethods } from './wrapped-methods.ts';
