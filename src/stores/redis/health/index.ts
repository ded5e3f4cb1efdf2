export { findServerProblems } from './findings.ts';
export { readServerFacts } from './server-facts.ts';
