// Reads what perdure.json writes, in another language: the whole vocabulary of docs/json.md, version 1.
//
//     const { loads } = require("./json_reader.js")
//     loads(text)              // arrays, objects, Map, Set, Uint8Array, Date, BigInt; shared references are shared
//
// Nothing runs that the text names: an instance is an Instance, which knows its class's name and its attributes.

class Instance {
  constructor(how, callee) { Object.assign(this, { how, callee, args: [], kwargs: null, steps: [] }) }
  get state() { return this.steps.findLast(([what]) => what === "state")?.[1] }
}
class Tuple extends Array {}
class FrozenSet extends Set {}
class Name { constructor(text) { [this.module, this.qualname] = Array.isArray(text) ? text : text.split(/:(.*)/s) } }
class Value { constructor(kind, value, rest = {}) { Object.assign(this, { kind, value }, rest) } }

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const integer = (text) => (text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text))

const LEAVES = { // the tags whose value is read at once
  $bytes: bytes, $bytearray: bytes, $int: integer,
  $string: (text) => new Value("string", bytes(text)),
  $float: (text) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : NaN),
  $str: (pieces) => pieces.map((p) => (typeof p === "string" ? p : String.fromCharCode(p))).join(""),
  $name: (text) => new Name(text),
  $extension: (code) => new Value("extension", code), $buffer: (readonly) => new Value("buffer", readonly),
}
const DTYPES = {
  f8: Float64Array, f4: Float32Array, i8: BigInt64Array, u8: BigUint64Array, i4: Int32Array, u4: Uint32Array,
  i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array,
}

class Reader {
  labels = new Map()

  node(json) {
    if (json === null || typeof json !== "object") return json
    if (Array.isArray(json)) return json.map((each) => this.node(each))
    const keys = Object.keys(json)
    if (keys[0]?.startsWith("$")) return this.tagged(json, keys[0] === "$id" ? keys[1] : keys[0])
    return this.members({}, json)
  }

  members(into, json) {
    for (const [key, value] of Object.entries(json)) {
      if (key.startsWith("$")) throw new Error(`a tag out of place: ${key}`)
      Object.defineProperty(into, key, { value: this.node(value), enumerable: true, writable: true, configurable: true })
    }
    return into
  }

  tagged(json, tag) {
    const value = json[tag]
    const open = (made) => { if ("$id" in json) this.labels.set(json.$id, made); return made }
    if (tag === "$ref") {
      if (!this.labels.has(value)) throw new Error(`a $ref to no $id: ${value}`)
      return this.labels.get(value)
    }
    if (tag === "$altered") return new Value("altered", this.node(value), { steps: this.steps(json.steps) })
    if (tag in LEAVES) return open(LEAVES[tag](value))
    const made = open(this.empty(tag, value))
    if (made instanceof Instance) return this.instance(made, json, value)
    if (tag === "$list" || tag === "$tuple") for (const each of value) made.push(this.node(each))
    else if (tag === "$set" || tag === "$frozenset") for (const each of value) made.add(this.node(each))
    else if (made instanceof Map) for (const [key, each] of value) made.set(this.node(key), this.node(each))
    else if (tag === "$dict") this.members(made, value)
    else return this.form(made, json, tag)
    if (json.steps) made.steps = this.steps(json.steps)
    return made
  }

  empty(tag, value) {
    if (tag === "$list") return []
    if (tag === "$tuple") return new Tuple()
    if (tag === "$set") return new Set()
    if (tag === "$frozenset") return new FrozenSet()
    if (tag === "$dict") return Array.isArray(value) ? new Map() : {}
    const how = { $object: "new", $call: "call", $inst: "inst" }[tag]
    return how ? new Instance(how) : new Value(tag.slice(1))
  }

  instance(made, json, callee) {
    made.callee = typeof callee === "string" ? new Name(callee) : this.node(callee)
    for (const [key, value] of Object.entries(json)) {
      if (key === "new" || key === "args") made.args = value.map((each) => this.node(each))
      else if (key === "arguments") made.args = this.node(value)
      else if (key === "kwargs") made.kwargs = this.node(value)
      else if (key === "steps") made.steps.push(...this.steps(value))
      else if (!key.startsWith("$")) made.steps.push(...this.steps([[key, value]]))
    }
    return made
  }

  steps(list) {
    return list.map(([what, value]) => {
      if (what === "state" || what === "call") return [what, this.node(value)]
      if (what !== "pairs") return [what, value.map((each) => this.node(each))]
      return [what, (Array.isArray(value) ? value : Object.entries(value)).map(([k, v]) => [this.node(k), this.node(v)])]
    })
  }

  form(made, json, tag) { // a Value of its kind: what is in the text, and for arrays a typed one
    for (const [key, value] of Object.entries(json)) {
      if (key !== "$id") made[key === tag ? "value" : key] = this.node(value)
    }
    const dtype = made.dtype?.value ?? made.dtype
    const Typed = tag === "$array" && dtype[0] !== ">" ? DTYPES[dtype.slice(1)] : undefined
    if (Typed && typeof made.value === "string") made.value = new Typed(bytes(made.value).buffer)
    else if (Typed) made.value = Typed.from(made.value, Typed.name.startsWith("Big") ? BigInt : Number)
    return made
  }
}

function loads(text) {
  const json = JSON.parse(text)
  if (json === null || typeof json !== "object" || Object.keys(json)[0] !== "$perdure") return json
  if (json.$perdure !== 1) throw new Error(`version ${json.$perdure} of the vocabulary`)
  const reader = new Reader()
  for (const each of json.before ?? []) reader.node(each)
  return reader.node(json.value)
}

module.exports = { loads, Instance, Tuple, FrozenSet, Name, Value }
