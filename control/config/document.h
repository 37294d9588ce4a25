/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * YAML text to libyaml's document, and the parts of YAML that a configuration does without,
 * refused at their place: aliases and anchors, tags, a second document, deep nesting.  Knows no
 * keyword.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <yaml.h>

#include "config/model.h"

enum document_status {
	DOCUMENT_READY,   /* *document is loaded; yaml_document_delete it */
	DOCUMENT_REFUSED, /* the report says why */
	DOCUMENT_NO_MEMORY,
};

[[nodiscard]] enum document_status document_load(struct span text, yaml_document_t *document,
						 struct config_report *report);

static inline struct config_position document_position(yaml_mark_t mark)
{
	return (struct config_position){ .line = (uint32_t)mark.line + 1,
					 .column = (uint32_t)mark.column + 1 };
}

#endif
