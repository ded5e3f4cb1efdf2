export type { DoctorOptions } from './run-doctor.ts';
export { runDoctor } from './run-doctor.ts';
