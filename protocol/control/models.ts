import * as z from 'zod';
import { Model } from '../methods/models.ts';
import { defineControlMethod } from './method.ts';

export const modelsControlMethods = {
  'models.list': defineControlMethod({
    summary: 'Every model of the catalog, with its state.',
    params: z.strictObject({}),
    result: z.object({ models: z.array(Model) }),
  }),
};
