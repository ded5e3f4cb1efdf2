export type { DoctorOptions } from './run-doctor.ts';
export { examine } from './run-doctor.ts';
