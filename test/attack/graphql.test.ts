import { attackFamily } from "./family.js";
import { GRAPHQL_ATTACKS } from "./graphql-attacks.js";

attackFamily("GraphQL", GRAPHQL_ATTACKS);
