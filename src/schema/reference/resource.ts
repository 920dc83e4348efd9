import type { JsonObject } from "../../domain/json/json.js";
import { isOlder, refStandsAlone } from "../draft.js";
import type { SchemaFile } from "../folder/schema-folder.js";
import { subschemas } from "../subschema.js";

/** A schema object with its place in its file. */
export interface Place {
  readonly tokens: readonly string[];
  readonly schema: JsonObject;
}

/** A schema that has a URI: a file, or a schema inside one with an `$id` (`id` in draft 04) of its own. */
export interface Resource extends Place {
  readonly file: SchemaFile;
  /** The base URI of relative references inside it. */
  readonly uri: string;
  readonly anchors: ReadonlyMap<string, Place>;
  /** Anchors that outer resources may bind anew; `""` stands for `$recursiveAnchor`. */
  readonly dynamicAnchors: ReadonlyMap<string, Place>;
}

interface ResourceDraft extends Resource {
  readonly anchors: Map<string, Place>;
  readonly dynamicAnchors: Map<string, Place>;
}

/** Files have this base where they name none: a bare id and a relative file lead to a neighbour. */
const FOLDER = "strata:///";

/** Which resource each schema object of a folder belongs to, and which resources have which URI. */
export class ResourceIndex {
  readonly #ofSchema = new Map<JsonObject, ResourceDraft>();
  readonly #byUri = new Map<string, Resource[]>();
  readonly #ofFile = new Map<SchemaFile, Resource>();

  /** @param files by name: those that have been added, or will be */
  constructor(private readonly files: ReadonlyMap<string, SchemaFile>) {}

  of(schema: JsonObject): Resource {
    const resource = this.#ofSchema.get(schema);
    if (resource === undefined) throw new Error("the schema is of no file of this folder");
    return resource;
  }

  /**
   * The resource that a reference without its fragment leads to: by URI, in the own file first; else by a neighbour's name.
   * @throws Error when several files claim the URI
   */
  find(from: Resource, reference: string): Resource | undefined {
    if (reference === "") return from;
    const found = this.#byUri.get(absoluteUri(reference, from.uri)) ?? [];
    const own = found.find(({ file }) => file === from.file);
    const [first, second] = found;
    if (own === undefined && second !== undefined && first !== undefined) {
      throw new Error(
        `$ref ${JSON.stringify(reference)} is the $id of two schemas, in ${first.file.name}.json and ${second.file.name}.json`,
      );
    }
    return own ?? first ?? this.#neighbour(reference);
  }

  /** A reference may lead to what lies under a keyword that nobody knows: that is a schema from then on. */
  add(place: Place, inside: Resource): void {
    if (!this.#ofSchema.has(place.schema)) this.#walk(place, inside as ResourceDraft);
  }

  addFile(file: SchemaFile): void {
    const own = FOLDER + encodeURIComponent(file.name);
    const id = identifierOf(file.schema, file);
    const uri = absoluteUri(id?.base || `${file.name}.json`, own);
    const root = resource({ tokens: [], schema: file.schema }, file, uri);
    this.#ofFile.set(file, root);
    for (const each of new Set([uri, own, `${own}.json`])) this.#name(each, root);
    if (id?.anchor) root.anchors.set(id.anchor, root);
    this.#enter(root, root);
  }

  #walk(place: Place, outer: ResourceDraft): void {
    const id = identifierOf(place.schema, outer.file);
    let inside = outer;
    if (id?.base) {
      inside = resource(place, outer.file, absoluteUri(id.base, outer.uri));
      this.#name(inside.uri, inside);
    }
    if (id?.anchor) inside.anchors.set(id.anchor, place);
    this.#enter(place, inside);
  }

  #enter(place: Place, inside: ResourceDraft): void {
    const { schema, tokens } = place;
    this.#ofSchema.set(schema, inside);
    const { $anchor, $dynamicAnchor, $recursiveAnchor } = schema;
    if (typeof $anchor === "string") inside.anchors.set($anchor, place);
    if (typeof $dynamicAnchor === "string") {
      inside.anchors.set($dynamicAnchor, place);
      inside.dynamicAnchors.set($dynamicAnchor, place);
    }
    if ($recursiveAnchor === true && schema === inside.schema) inside.dynamicAnchors.set("", place);
    for (const [at, subschema] of subschemas(schema)) {
      this.#walk({ schema: subschema, tokens: [...tokens, ...at] }, inside);
    }
  }

  #name(uri: string, named: Resource): void {
    const known = this.#byUri.get(uri) ?? [];
    // A file's own name is its for certain; an $id elsewhere cannot take it.
    const isTaken = known.some(({ file }) => uri === FOLDER + encodeURIComponent(file.name));
    if (!isTaken) this.#byUri.set(uri, [...known, named]);
  }

  #neighbour(reference: string): Resource | undefined {
    const name = reference.replace(/^\.\//, "");
    const file = this.files.get(name.replace(/\.json$/, "")) ?? this.files.get(name);
    return file && this.#ofFile.get(file);
  }
}

function resource(place: Place, file: SchemaFile, uri: string): ResourceDraft {
  return { ...place, file, uri, anchors: new Map(), dynamicAnchors: new Map() };
}

/** The URI, the anchor (up to draft 07), or both, that a schema's identifier gives it. */
function identifierOf(
  schema: JsonObject,
  { draft }: SchemaFile,
): { readonly base: string; readonly anchor: string } | undefined {
  const id = draft === "04" ? schema.id : schema.$id;
  if (typeof id !== "string" || refStandsAlone(schema, draft)) return undefined;
  const [base = "", ...fragment] = id.split("#");
  return { base, anchor: isOlder(draft, "2019-09") ? fragment.join("#") : "" };
}

function absoluteUri(reference: string, base: string): string {
  return URL.canParse(reference, base) ? new URL(reference, base).href : reference;
}
