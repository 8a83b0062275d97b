/** Our secrets, recognised in any text whatever form they take (pure). Packed forms (gzip, encryption) are not recognised. */
export { createLeakScan, type LeakScan, type Secret } from './leak-scan.ts';
