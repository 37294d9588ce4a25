/* SPDX-License-Identifier: BSD-3-Clause */
/* See document.h. */
#include "config/document.h"

/* The schema needs five. */
#define DEPTH_MAX 16

/* libyaml's reader knows an offset only where a byte is wrong: lines are counted here. */
static struct config_position position_of_offset(struct span text, size_t offset)
{
	struct config_position at = { 1, 1 };
	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.data[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static enum document_status report_problem(const yaml_parser_t *parser, struct span text,
					   struct config_report *report)
{
	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		return DOCUMENT_NO_MEMORY;
	case YAML_READER_ERROR:
		config_error(report, position_of_offset(text, parser->problem_offset),
			     "not YAML: %s; accepted: UTF-8 text without control characters",
			     parser->problem);
		return DOCUMENT_REFUSED;
	default:
		config_error(report, document_position(parser->problem_mark),
			     "not YAML: %s%s%s; accepted: YAML as in the examples",
			     parser->context ? parser->context : "", parser->context ? ", " : "",
			     parser->problem ? parser->problem : "syntax error");
		return DOCUMENT_REFUSED;
	}
}

static void refuse_anchor(const yaml_event_t *event, const yaml_char_t *anchor,
			  const yaml_char_t *tag, struct config_report *report)
{
	char quoted[CONFIG_QUOTED_MAX];
	if (anchor)
		config_error(report, document_position(event->start_mark),
			     "anchor \"&%.40s\" is refused: every value stands where it is used; "
			     "accepted: the value alone",
			     (const char *)anchor);
	if (tag)
		config_error(report, document_position(event->start_mark),
			     "tag %s is refused: the keyword decides the type; accepted: the value "
			     "alone",
			     config_quote(span_of_string((const char *)tag), quoted));
}

struct scan {
	struct config_report *report;
	uint32_t documents, depth;
};

/* False: nothing after this is worth reading. */
static bool scan_event(struct scan *scan, const yaml_event_t *event)
{
	struct config_position at = document_position(event->start_mark);
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++scan->documents == 1)
			return true;
		config_error(scan->report, at,
			     "a second document begins; accepted: one document a file");
		return false;
	case YAML_ALIAS_EVENT:
		config_error(scan->report, at,
			     "alias \"*%.40s\" is refused: every value stands where it is used; "
			     "accepted: the value itself",
			     (const char *)event->data.alias.anchor);
		return true;
	case YAML_SCALAR_EVENT:
		refuse_anchor(event, event->data.scalar.anchor, event->data.scalar.tag,
			      scan->report);
		return true;
	case YAML_SEQUENCE_START_EVENT:
		refuse_anchor(event, event->data.sequence_start.anchor,
			      event->data.sequence_start.tag, scan->report);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_anchor(event, event->data.mapping_start.anchor,
			      event->data.mapping_start.tag, scan->report);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		scan->depth--;
		return true;
	default:
		return true;
	}
	if (++scan->depth <= DEPTH_MAX)
		return true;
	config_error(scan->report, at, "nested too deeply; accepted: at most %d levels", DEPTH_MAX);
	return false;
}

/* The document API has no anchors, aliases and tags any more: they are looked for in the events. */
static enum document_status scan_events(struct span text, struct config_report *report)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return DOCUMENT_NO_MEMORY;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);
	struct scan scan = { .report = report };
	enum document_status status = DOCUMENT_READY;
	for (bool more = true; more;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			status = report_problem(&parser, text, report);
			break;
		}
		more = scan_event(&scan, &event) && event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (status == DOCUMENT_READY && report->errors.count)
		return DOCUMENT_REFUSED;
	return status;
}

enum document_status document_load(struct span text, yaml_document_t *document,
				   struct config_report *report)
{
	enum document_status status = scan_events(text, report);
	if (status != DOCUMENT_READY)
		return status;
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return DOCUMENT_NO_MEMORY;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);
	/* Whatever can be wrong with the text, the scan has found: memory is all that is left. */
	bool loaded = yaml_parser_load(&parser, document);
	yaml_parser_delete(&parser);
	return loaded ? DOCUMENT_READY : DOCUMENT_NO_MEMORY;
}
