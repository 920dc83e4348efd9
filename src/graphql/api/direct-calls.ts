import {
  type GraphQLFieldMap,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from "graphql";
import { getMetadataStorage } from "type-graphql";
import type { RequestContext } from "./context.js";

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;
type Method = (...given: unknown[]) => unknown;
type Parameter = NonNullable<ReturnType<typeof getMetadataStorage>["queries"][number]["params"]>[number];
type Given = (
  root: unknown,
  args: Readonly<Record<string, unknown>>,
  context: RequestContext,
  info: GraphQLResolveInfo,
) => unknown;

/**
 * Lets fields be read, and methods be called, without what type-graphql puts in between. It takes every decorated accessor for
 * a resolver, waits for each argument to be validated, though nothing validates it, and copies arguments into objects of
 * their classes: some microseconds for each field, and two turns of waiting.
 * @param instanceOf finds the object that a resolver's class stands for
 */
export function callDirectly(schema: GraphQLSchema, instanceOf: (target: unknown) => unknown): void {
  const { objectTypes, fieldResolvers, queries, mutations, subscriptions } = getMetadataStorage();
  const names = new Map<unknown, string>(objectTypes.map(({ target, name }) => [target, name]));
  const fieldsOf = (target: unknown) => fieldsIn(schema, names.get(target));
  for (const { target, fields = [] } of objectTypes) {
    for (const { name, schemaName } of fields) {
      const isGetter = Object.getOwnPropertyDescriptor(target.prototype, name)?.get !== undefined;
      if (isGetter) delete fieldsOf(target)[schemaName]?.resolve;
    }
  }
  const ofRoot = (owner: unknown) => (): unknown => instanceOf(owner);
  for (const { target, getObjectType, kind, ...method } of fieldResolvers) {
    const owner = kind === "internal" ? (root: unknown) => root : ofRoot(target);
    replace(fieldsOf(getObjectType?.()), method, owner);
  }
  const roots = [
    [queries, schema.getQueryType()],
    [mutations, schema.getMutationType()],
    [subscriptions, schema.getSubscriptionType()],
  ] as const;
  for (const [methods, type] of roots)
    for (const { target, ...method } of methods) replace(type?.getFields() ?? {}, method, ofRoot(target));
}

function fieldsIn(schema: GraphQLSchema, name = ""): GraphQLFieldMap<unknown, RequestContext> {
  const type = schema.getType(name);
  return isObjectType(type) ? type.getFields() : {};
}

function replace(
  fields: GraphQLFieldMap<unknown, RequestContext>,
  method: {
    readonly schemaName: string;
    readonly methodName: string;
    readonly params?: readonly Parameter[];
    readonly middlewares?: readonly unknown[];
  },
  owner: (root: unknown) => unknown,
): void {
  const field = fields[method.schemaName];
  // What is read as a property has no resolver any more.
  if (field?.resolve === undefined) return;
  const { methodName, params = [], middlewares = [] } = method;
  if (middlewares.length > 0) throw new Error(`${methodName} has middleware, which nothing here would call.`);
  const given = params.toSorted((a, b) => a.index - b.index).map(readerOf);
  const resolve: Resolver = (root, args, context, info) => {
    const target = owner(root) as Readonly<Record<string, Method>>;
    return target[methodName]?.(...given.map((read) => read(root, args, context, info)));
  };
  field.resolve = resolve;
}

function readerOf(parameter: Parameter): Given {
  switch (parameter.kind) {
    case "args":
      return (_root, args) => args;
    case "arg":
      return (_root, args) => args[parameter.name];
    case "info":
      return (_root, _args, _context, info) => info;
    case "context":
      return parameter.propertyName === undefined ? (_root, _args, context) => context : unknown(parameter);
    case "root":
      return parameter.propertyName === undefined ? (root) => root : unknown(parameter);
    default:
      return unknown(parameter);
  }
}

function unknown({ kind, methodName }: Parameter): never {
  throw new Error(
    `${methodName} has a parameter (${kind}) of a kind that no other has: give it its value here.`,
  );
}
