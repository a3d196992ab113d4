//! The words of the policy: what somebody may be, and what somebody may do. Knows no rule.

use crate::words::words;

words! {
    /// What somebody may be.
    Role {
        /// Proves who sent a request.
        Verifier = "verifier",
        /// Judges a request in law.
        Counsel = "counsel",
        /// Searches and assembles.
        Analyst = "analyst",
        /// Approves what leaves.
        Approver = "approver",
        /// Does all of the above in an emergency.
        OnCall = "on_call",
        /// Reads all, acts on nothing.
        Auditor = "auditor",
        /// Runs the system, reads no case.
        Administrator = "administrator",
        /// Files what came by post or mail.
        Intake = "intake",
        /// Sends requests of an agency.
        Officer = "officer",
        /// Answers for an agency's officers.
        AgencySupervisor = "agency_supervisor",
        /// Holds the key that opens an agency's packages.
        AgencyKeyHolder = "agency_key_holder",
        /// A partner company.
        Partner = "partner",
        /// The company's own jobs.
        System = "system",
    }
}

words! {
    /// Everything that needs a permit: one word per command and per read.
    Action {
        /// File an instrument.
        Receive = "receive",
        /// Look at a request for signs of fraud.
        Assess = "assess",
        /// Take up the question who sent it.
        StartIdentityCheck = "start_identity_check",
        /// Prove the sender.
        VerifyIdentity = "verify_identity",
        /// Accept in law.
        AcceptLegal = "accept_legal",
        /// Ask the authority to clarify.
        RequestInformation = "request_information",
        /// Clarify.
        ProvideInformation = "provide_information",
        /// Stop for an authority or court.
        Hold = "hold",
        /// Go on.
        EndHold = "end_hold",
        /// Note an early clearance.
        ClearByAuthority = "clear_by_authority",
        /// Begin to search.
        StartSearch = "start_search",
        /// Add an exhibit.
        AddExhibit = "add_exhibit",
        /// Put a package together.
        Assemble = "assemble",
        /// Send a package back.
        ReturnPackage = "return_package",
        /// Approve a package.
        Approve = "approve",
        /// Seal a package.
        Seal = "seal",
        /// Hand a package over.
        Deliver = "deliver",
        /// Say that it arrived.
        Acknowledge = "acknowledge",
        /// Put an ask away.
        Close = "close",
        /// Refuse an ask.
        Refuse = "refuse",
        /// Take an ask back.
        Withdraw = "withdraw",
        /// Confirm deletion at the authority.
        ConfirmDeletion = "confirm_deletion",
        /// Copy records.
        Preserve = "preserve",
        /// Keep a copy longer.
        Extend = "extend",
        /// Link an order to a copy.
        Link = "link",
        /// End a preservation, freeze or ban.
        Release = "release",
        /// Freeze.
        Freeze = "freeze",
        /// Confirm a freeze by an order.
        ConfirmFreeze = "confirm_freeze",
        /// Unfreeze as asked.
        Unfreeze = "unfreeze",
        /// Confirm an effect.
        ConfirmEffect = "confirm_effect",
        /// Note a failed effect.
        FailEffect = "fail_effect",
        /// Try an effect again.
        RetryEffect = "retry_effect",
        /// Review an emergency.
        ReviewEmergency = "review_emergency",
        /// Link the order after an emergency.
        ReceiveExPostOrder = "receive_ex_post_order",
        /// Mark a key as suspected of fraud.
        MarkKey = "mark_key",
        /// Watch the key of a request that named a decoy.
        WatchKey = "watch_key",
        /// Take the mark away.
        ClearKey = "clear_key",
        /// Give out the fraud marks of this desk, and take in those of another.
        ShareMarks = "share_marks",
        /// Put a message on the record.
        PostMessage = "post_message",
        /// Say who works on a request.
        Assign = "assign",
        /// Record what time has done.
        Tick = "tick",
        /// Ask "will this be accepted?".
        Precheck = "precheck",
        /// Read a request with its personal data.
        ReadCase = "read_case",
        /// Read the state and the clocks of a request, never its personal data.
        ReadStatus = "read_status",
        /// List requests.
        ListRequests = "list_requests",
        /// Look for requests by words of their filings and messages.
        SearchRequests = "search_requests",
        /// The same, for an officer, in the own agency's requests.
        SearchOwnRequests = "search_own_requests",
        /// Read the rows of an exhibit.
        ReadExhibit = "read_exhibit",
        /// Read a preserved copy, which only a linked order opens.
        ReadPreservedCopy = "read_preserved_copy",
        /// Fetch a package as delivered, encrypted.
        ReadPackage = "read_package",
        /// Follow money through the company's blocks.
        FollowMoney = "follow_money",
        /// Read who read what.
        ReadAudit = "read_audit",
        /// Read what was noticed at the door, and the alarms; no case.
        ReadSecurity = "read_security",
        /// Say that an alarm was looked into.
        AcknowledgeAlarm = "acknowledge_alarm",
        /// Read counts and ages without any case.
        ReadMetrics = "read_metrics",
        /// Read the transparency reports that were made.
        ReadReports = "read_reports",
        /// Make a transparency report.
        MakeReport = "make_report",
        /// Propose, publish and withdraw a transparency report.
        PublishReport = "publish_report",
        /// Erase payloads whose time has come.
        ErasePayload = "erase_payload",
        /// Add, change and remove staff.
        ManageStaff = "manage_staff",
        /// Add, change and hold agencies and their keys.
        ManageAgencies = "manage_agencies",
        /// Propose, invite and attest the officers of an agency.
        ManageOfficers = "manage_officers",
        /// Record a call-back to an agency and admit an officer.
        AdmitOfficer = "admit_officer",
        /// Stop an officer's key, or all keys of an agency, at once.
        StopKeys = "stop_keys",
        /// Let a stopped key act again.
        ResumeKeys = "resume_keys",
        /// List dead jobs without any case, have them tried again, give up those of the house.
        ManageJobs = "manage_jobs",
        /// List dead jobs of cases, have them tried again, give them up.
        ManageCaseJobs = "manage_case_jobs",
    }
}
