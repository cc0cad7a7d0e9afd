/* What can become of a socket's request. */
#pragma once

enum sy_decision {
    SY_LEAVE,     /* to the packet path, untouched */
    SY_TRANSLATE, /* request->connection says to where */
    SY_CONTINUE,  /* the same, and it is no new flow */
    SY_REFUSE,
};
