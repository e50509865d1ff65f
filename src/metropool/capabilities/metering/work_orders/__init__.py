"""Work orders (工单): what somebody is sent out to do at a terminal or meter, from open to done."""
