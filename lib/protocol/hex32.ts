/** 32 bits as eight digits. */
export const hex32 = (bits: number): string => bits.toString(16).padStart(8, '0')
