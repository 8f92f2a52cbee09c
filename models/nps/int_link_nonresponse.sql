{{ nonresponse_figures(['chain_link_key']) }}
