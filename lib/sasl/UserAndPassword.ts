/** Credentials of PLAIN and SCRAM. The password is read when a connection is made and never printed. */
export interface UserAndPassword {
  readonly username: string
  readonly password: string
}

export const userAndPassword = { username: 'string', password: 'string' } as const
