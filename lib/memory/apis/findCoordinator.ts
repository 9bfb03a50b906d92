import { findCoordinatorApi } from '../../protocol/requests/findCoordinator.js'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from '../../protocol/requests/findCoordinator.js'
import { findCoordinatorsApi } from '../../protocol/requests/findCoordinators.js'
import type { FindCoordinatorsRequest, FindCoordinatorsResponse } from '../../protocol/requests/findCoordinators.js'
import { MEMORY_BROKER } from '../memoryBroker.js'
import type { Answer } from './Answer.js'

const { nodeId, host, port } = MEMORY_BROKER

/** FindCoordinator, version 2: of one key. */
export const findCoordinator: Answer<FindCoordinatorRequest, FindCoordinatorResponse> = {
  api: findCoordinatorApi,
  about: ({ key, type }) => (type === 'group' ? { groupId: key } : { transactionalId: key }),
  respond: () => ({ throttleTimeMs: 0, errorCode: 0, errorMessage: null, nodeId, host, port }),
}

/** FindCoordinator, version 4: of many keys (KIP-699). */
export const findCoordinators: Answer<FindCoordinatorsRequest, FindCoordinatorsResponse> = {
  api: findCoordinatorsApi,
  respond: (_, { keys }) => ({
    throttleTimeMs: 0,
    coordinators: keys.map((key) => ({ key, nodeId, errorCode: 0, errorMessage: null })),
  }),
}
