export type { DoctorOptions } from './doctor.ts';
export { examine } from './doctor.ts';
