from typed_signals.decorators import (
    post_bulk_update as post_bulk_update,
    post_delete as post_delete,
    post_relation_add as post_relation_add,
    post_relation_remove as post_relation_remove,
    post_save as post_save,
    post_update as post_update,
    pre_delete as pre_delete,
    pre_relation_add as pre_relation_add,
    pre_relation_remove as pre_relation_remove,
    pre_save as pre_save,
    pre_update as pre_update,
    receiver as receiver,
)
