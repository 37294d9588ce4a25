/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Document to model, driven by the table of keywords: unknown and duplicate keys, missing ones,
 * kinds of nodes, scalars, defaults.  Every value is judged alone; what takes two of them is
 * check.c's.
 */
#include "config/document.h"
#include "config/value.h"

struct decoder {
	yaml_document_t *document;
	struct config *config;
	struct config_report *report;
	bool out_of_memory;
};

static bool decode_section(struct decoder *d, enum keyword_section section, const yaml_node_t *node,
			   struct config_item *item);

static struct span node_text(const yaml_node_t *node)
{
	return span_of(node->data.scalar.value, node->data.scalar.length);
}

static struct config_position node_position(const yaml_node_t *node)
{
	return document_position(node->start_mark);
}

static const yaml_node_t *node_at(const struct decoder *d, int index)
{
	return yaml_document_get_node(d->document, index);
}

static const char *node_kind(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return node->data.scalar.length ? "one value" : "empty";
	case YAML_SEQUENCE_NODE:
		return "a list";
	default:
		return "a mapping";
	}
}

static bool expect(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
		   yaml_node_type_t type, const char *what)
{
	if (node->type == type)
		return true;
	config_error(d->report, node_position(node), "%s is %s; accepted: %s, for example %s",
		     keyword->name, node_kind(node), what, keyword->example);
	return false;
}

static bool refuse_value(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			 const char *why)
{
	config_error(d->report, node_position(node), "%s: %s", keyword->name, why);
	return false;
}

static bool decode_scalar(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			  void *field)
{
	char why[VALUE_WHY_MAX];
	return expect(d, keyword, node, YAML_SCALAR_NODE, "one value") &&
	       (value_parse(keyword, node_text(node), field, why) ||
		refuse_value(d, keyword, node, why));
}

static size_t element_size(enum keyword_type type)
{
	switch (type) {
	case KEYWORD_ADDRESSES:
	case KEYWORD_PREFIXES:
		return sizeof(struct config_prefix);
	case KEYWORD_GATEWAYS:
		return sizeof(struct config_address);
	case KEYWORD_LISTENS:
	case KEYWORD_ENDPOINTS:
		return sizeof(struct config_listen);
	case KEYWORD_NAMESERVERS:
		return sizeof(struct config_endpoint);
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
		return sizeof(struct config_text);
	default:
		return sizeof(uint32_t);
	}
}

/* Every struct of an element begins with its position; CHOICES gathers bits instead. */
static bool parse_element(const struct keyword *keyword, struct span text, void *element, char *why)
{
	switch (keyword->type) {
	case KEYWORD_ADDRESSES:
		return value_parse_own_address(text, &((struct config_prefix *)element)->prefix, why);
	case KEYWORD_PREFIXES:
		return value_parse_network(text, &((struct config_prefix *)element)->prefix, why);
	case KEYWORD_GATEWAYS:
		return value_parse_address(text, &((struct config_address *)element)->address, why);
	case KEYWORD_LISTENS:
		return value_parse_listen(text, &((struct config_listen *)element)->endpoint, why);
	case KEYWORD_NAMESERVERS:
		return value_parse_nameserver(text, &((struct config_endpoint *)element)->endpoint,
					      why);
	case KEYWORD_ENDPOINTS:
		return value_parse_endpoint(text, &((struct config_listen *)element)->endpoint, why);
	case KEYWORD_DOMAINS:
		return value_parse_host(text, ((struct config_text *)element)->text, why);
	case KEYWORD_TEXTS:
		return value_parse(&(struct keyword){ .type = KEYWORD_TEXT,
						      .size = sizeof(((struct config_text *)0)->text),
						      .example = keyword->example },
				   text, ((struct config_text *)element)->text, why);
	default:
		return value_parse_choice(keyword, text, element, why);
	}
}

static bool check_count(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			size_t count)
{
	if (count >= keyword->min && count <= keyword->max)
		return true;
	char range[2 * VALUE_TEXT_MAX + 8];
	keyword_range(keyword, range, sizeof(range));
	config_error(d->report, node_position(node), "%s has %zu entries; accepted: %s",
		     keyword->name, count, range);
	return false;
}

static bool decode_element(struct decoder *d, const struct keyword *keyword,
			   const yaml_node_t *node, void *element)
{
	char why[VALUE_WHY_MAX];
	return expect(d, keyword, node, YAML_SCALAR_NODE, "one value an entry") &&
	       (parse_element(keyword, node_text(node), element, why) ||
		refuse_value(d, keyword, node, why));
}

/* Entries that are refused are left out, so that checks see only good ones. */
static bool decode_values(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			  struct config_list *list)
{
	size_t size = element_size(keyword->type);
	bool takes_one = keyword->type == KEYWORD_GATEWAYS || keyword->type == KEYWORD_ENDPOINTS;
	bool is_one = takes_one && node->type == YAML_SCALAR_NODE;
	if (!is_one && !expect(d, keyword, node, YAML_SEQUENCE_NODE, "a list"))
		return false;
	const yaml_node_item_t *first = is_one ? NULL : node->data.sequence.items.start;
	size_t count = is_one ? 1 : (size_t)(node->data.sequence.items.top - first);
	if (!check_count(d, keyword, node, count))
		return false;
	list->items = config_alloc(d->config, count, size);
	if (!list->items) {
		d->out_of_memory = true;
		return false;
	}
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *entry = is_one ? node : node_at(d, first[i]);
		unsigned char *element = (unsigned char *)list->items + list->count * size;
		if (decode_element(d, keyword, entry, element)) {
			*(struct config_position *)(void *)element = node_position(entry);
			list->count++;
		} else {
			ok = false;
		}
	}
	return ok;
}

static bool decode_choices(struct decoder *d, const struct keyword *keyword,
			   const yaml_node_t *node, uint32_t *bits)
{
	if (!expect(d, keyword, node, YAML_SEQUENCE_NODE, "a list"))
		return false;
	bool ok = true;
	*bits = 0;
	for (const yaml_node_item_t *entry = node->data.sequence.items.start;
	     entry < node->data.sequence.items.top; entry++) {
		uint32_t bit = 0;
		ok = decode_element(d, keyword, node_at(d, *entry), &bit) && ok;
		*bits |= bit;
	}
	return ok;
}

static bool decode_codes(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			 struct config_codes *codes)
{
	if (!expect(d, keyword, node, YAML_SEQUENCE_NODE, "a list"))
		return false;
	const yaml_node_item_t *first = node->data.sequence.items.start;
	if (!check_count(d, keyword, node, (size_t)(node->data.sequence.items.top - first)))
		return false;
	bool ok = true;
	for (const yaml_node_item_t *at = first; at < node->data.sequence.items.top; at++) {
		const yaml_node_t *entry = node_at(d, *at);
		char why[VALUE_WHY_MAX];
		ok = expect(d, keyword, entry, YAML_SCALAR_NODE, "one code or range an entry") &&
		     (value_parse_codes(node_text(entry), codes, why) ||
		      refuse_value(d, keyword, entry, why)) &&
		     ok;
	}
	return ok;
}

static bool decode_host(struct decoder *d, const struct keyword *keyword,
			const yaml_node_pair_t *pair, struct config_host *host)
{
	const yaml_node_t *key = node_at(d, pair->key), *value = node_at(d, pair->value);
	char why[VALUE_WHY_MAX];
	struct ip_address address;
	if (!expect(d, keyword, key, YAML_SCALAR_NODE, "a name before each ':'") ||
	    !expect(d, keyword, value, YAML_SCALAR_NODE, "one address a name"))
		return false;
	if (ip_address_parse(node_text(key), &address))
		return refuse_value(d, keyword, key,
				    "an address needs no entry; accepted: a name before each ':'");
	if (!value_parse_host(node_text(key), host->name, why))
		return refuse_value(d, keyword, key, why);
	if (!value_parse_address(node_text(value), &host->address, why))
		return refuse_value(d, keyword, value, why);
	host->at = node_position(key);
	return true;
}

static bool decode_hosts(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			 struct config_list *list)
{
	if (!expect(d, keyword, node, YAML_MAPPING_NODE, "a mapping of names to addresses"))
		return false;
	const yaml_node_pair_t *first = node->data.mapping.pairs.start;
	size_t count = (size_t)(node->data.mapping.pairs.top - first);
	if (!check_count(d, keyword, node, count))
		return false;
	struct config_host *hosts = config_alloc(d->config, count, sizeof(*hosts));
	if (!hosts) {
		d->out_of_memory = true;
		return false;
	}
	list->items = hosts;
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		if (decode_host(d, keyword, &first[i], &hosts[list->count]))
			list->count++;
		else
			ok = false;
	}
	return ok;
}

/* Entries stay in the list even when something in them is refused: their names may be good. */
static bool decode_list(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			struct config_list *list)
{
	size_t size = keyword_tables[keyword->section]->struct_size;
	if (!expect(d, keyword, node, YAML_SEQUENCE_NODE, "a list of mappings"))
		return false;
	const yaml_node_item_t *first = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - first);
	if (!check_count(d, keyword, node, count))
		return false;
	list->items = config_alloc(d->config, count, size);
	if (!list->items) {
		d->out_of_memory = true;
		return false;
	}
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *entry = node_at(d, first[i]);
		void *item = (unsigned char *)list->items + i * size;
		ok = expect(d, keyword, entry, YAML_MAPPING_NODE, "a mapping an entry") &&
		     decode_section(d, keyword->section, entry, item) && ok;
		list->count++;
	}
	return ok;
}

static bool decode_value(struct decoder *d, const struct keyword *keyword, const yaml_node_t *node,
			 void *field)
{
	switch (keyword->type) {
	case KEYWORD_MAP:
		if (expect(d, keyword, node, YAML_MAPPING_NODE, "a mapping"))
			return decode_section(d, keyword->section, node, field);
		/* The checks find the defaults, not nothing. */
		(void)decode_section(d, keyword->section, NULL, field);
		return false;
	case KEYWORD_LIST:
		return decode_list(d, keyword, node, field);
	case KEYWORD_HOSTS:
		return decode_hosts(d, keyword, node, field);
	case KEYWORD_CHOICES:
		return decode_choices(d, keyword, node, field);
	case KEYWORD_CODES:
		return decode_codes(d, keyword, node, field);
	case KEYWORD_ADDRESSES:
	case KEYWORD_GATEWAYS:
	case KEYWORD_PREFIXES:
	case KEYWORD_LISTENS:
	case KEYWORD_NAMESERVERS:
	case KEYWORD_ENDPOINTS:
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
		return decode_values(d, keyword, node, field);
	default:
		return decode_scalar(d, keyword, node, field);
	}
}

/* "services[]: " before a message, nothing at the top. */
static void put_path(enum keyword_section section, char *text, size_t size)
{
	const char *path = keyword_tables[section]->path;
	snprintf(text, size, "%s%s", path, *path ? ": " : "");
}

/* Index of the keyword, or -1 with the reason in the report. */
static int find_key(struct decoder *d, enum keyword_section section, const yaml_node_t *key,
		    struct config_item *item)
{
	const struct keyword_table *table = keyword_tables[section];
	char path[64], quoted[CONFIG_QUOTED_MAX], accepted[256];
	put_path(section, path, sizeof(path));
	keyword_list_names(section, accepted, sizeof(accepted));
	if (key->type != YAML_SCALAR_NODE) {
		config_error(d->report, node_position(key),
			     "%sa key is %s; accepted: one of %s", path, node_kind(key), accepted);
		return -1;
	}
	struct span name = node_text(key);
	int index = keyword_find(section, name);
	if (index < 0) {
		const char *nearest = keyword_nearest(section, name);
		/* Probably that one was meant: it is not called missing too. */
		if (nearest)
			item->bad |= 1u << keyword_find(section, span_of_string(nearest));
		config_error(d->report, node_position(key),
			     "%sunknown keyword %s%s%s%s; accepted: %s", path,
			     config_quote(name, quoted), nearest ? ", did you mean \"" : "",
			     nearest ? nearest : "", nearest ? "\"?" : "", accepted);
		return -1;
	}
	if (table->keywords[index].type == KEYWORD_NOT_BUILT) {
		config_error(d->report, node_position(key),
			     "%s\"%s\" is not built yet: %s; accepted: %s", path,
			     table->keywords[index].name, table->keywords[index].help, accepted);
		return -1;
	}
	if (item->given & 1u << index) {
		config_error(d->report, node_position(key),
			     "%s\"%s\" is given twice, before at line %u; accepted: once", path,
			     table->keywords[index].name, item->field[index].line);
		return -1;
	}
	return index;
}

/* "[200-299, 404]" */
static bool set_default_codes(struct span text, struct config_codes *codes)
{
	char why[VALUE_WHY_MAX];
	bool ok = true;
	text = span_of(text.data + 1, text.len - 1);
	while (ok && text.len > 1) {
		size_t len = 0;
		while (text.data[len] != ',' && text.data[len] != ']')
			len++;
		ok = value_parse_codes(span_of(text.data, len), codes, why);
		text = span_from(text, len + 1);
		if (text.len && text.data[0] == ' ')
			text = span_from(text, 1);
	}
	return ok;
}

/* The default is the text that the reference prints: there is no second place that says it. */
static void set_default(const struct keyword *keyword, void *field)
{
	char why[VALUE_WHY_MAX];
	if (keyword->type == KEYWORD_CHOICES) {
		for (uint32_t i = 0; i < keyword->choice_count; i++)
			*(uint32_t *)field |= keyword->choices[i].value;
		return;
	}
	struct span text = span_of_string(keyword->unset);
	if (text.len > 1 && text.data[0] == '"')
		text = span_of(text.data + 1, text.len - 2);
	bool ok = keyword->type == KEYWORD_CODES ? set_default_codes(text, field) :
						    value_parse(keyword, text, field, why);
	assert(ok && "a default that its own keyword refuses");
	(void)ok;
}

static bool decode_missing(struct decoder *d, enum keyword_section section, const yaml_node_t *node,
			   struct config_item *item)
{
	const struct keyword_table *table = keyword_tables[section];
	char path[64];
	bool ok = true;
	for (uint32_t i = 0; i < table->count; i++) {
		const struct keyword *keyword = &table->keywords[i];
		void *field = (unsigned char *)item + keyword->offset;
		if (keyword->type == KEYWORD_NOT_BUILT || item->given & 1u << i)
			continue;
		if (keyword->type == KEYWORD_MAP) {
			ok = decode_section(d, keyword->section, NULL, field) && ok;
		} else if (keyword->required && node && !(item->bad & 1u << i)) {
			put_path(section, path, sizeof(path));
			config_error(d->report, node_position(node),
				     "%s\"%s\" is missing; accepted: for example %s: %s", path,
				     keyword->name, keyword->name, keyword->example);
			item->bad |= 1u << i;
			ok = false;
		} else if (keyword->unset) {
			set_default(keyword, field);
		}
	}
	return ok;
}

/* `node` is a mapping, or NULL for a section that the file leaves out: defaults alone. */
static bool decode_section(struct decoder *d, enum keyword_section section, const yaml_node_t *node,
			   struct config_item *item)
{
	const struct keyword_table *table = keyword_tables[section];
	bool ok = true;
	if (!node)
		return decode_missing(d, section, NULL, item);
	item->at = node_position(node);
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *value = node_at(d, pair->value);
		int index = find_key(d, section, node_at(d, pair->key), item);
		if (index < 0) {
			ok = false;
			continue;
		}
		const struct keyword *keyword = &table->keywords[index];
		item->given |= 1u << index;
		item->field[index] = node_position(value);
		if (!decode_value(d, keyword, value, (unsigned char *)item + keyword->offset)) {
			item->bad |= 1u << index;
			ok = false;
		}
	}
	return decode_missing(d, section, node, item) && ok;
}

bool config_decode(struct config *config, struct span text, struct config_report *report)
{
	yaml_document_t document;
	switch (document_load(text, &document, report)) {
	case DOCUMENT_READY:
		break;
	case DOCUMENT_REFUSED:
		return true;
	default:
		return false;
	}
	struct decoder d = { .document = &document, .config = config, .report = report };
	const yaml_node_t *root = yaml_document_get_root_node(&document);
	char accepted[256];
	keyword_list_names(SECTION_ROOT, accepted, sizeof(accepted));
	if (!root)
		config_error(report, (struct config_position){ 1, 1 },
			     "the file is empty; accepted: a mapping with %s", accepted);
	else if (root->type != YAML_MAPPING_NODE)
		config_error(report, node_position(root),
			     "the file is %s; accepted: a mapping with %s", node_kind(root),
			     accepted);
	else
		(void)decode_section(&d, SECTION_ROOT, root, &config->item); /* the report knows */
	yaml_document_delete(&document);
	return !d.out_of_memory;
}
