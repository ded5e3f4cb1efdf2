export { enclosingRequest, type Layer, passOn, type SentRequest, sendInside } from './enclosing-call.ts';
